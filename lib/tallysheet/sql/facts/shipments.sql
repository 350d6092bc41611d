-- One row a shipment due: is it on time, and is it still to come at all?
-- On time: attempted or delivered by promised_at. What never arrives is due and not on time.
-- A label that no carrier ever scanned is no parcel: nothing says that there was one.
SELECT
    calendar.week,
    shipments.origin,
    shipments.carrier,
    shipments.destination_country,
    shipments.flow,
    shipments.service,
    shipments.partner,
    shipments.destination,
    1 AS due_n,
    CASE
        WHEN coalesce(shipments.first_attempt_at, shipments.delivered_at) <= shipments.promised_at THEN 1
        ELSE 0
    END AS on_time_n,
    CASE WHEN shipments.status IN ('cancelled', 'diverted', 'lost') THEN 1 ELSE 0 END AS undelivered_n
FROM shipments
JOIN calendar ON calendar.day = shipments.promised_date
WHERE coalesce(shipments.hub_scanned, true)
