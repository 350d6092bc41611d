-- One row a shipment due: is it on time, do we see it, will it never arrive?
-- Due: its promise has run out, and its sender or a carrier says that the carrier had it; a label that was
-- never used is no parcel. On time: attempted by promised_at (delivered, where the rules say so).
-- What never arrives is not on time. Seen: a carrier scanned it; without a scan, lateness is not known.
SELECT
    calendar.week,
    calendar.seen_at,
    shipments.origin,
    shipments.carrier,
    shipments.destination_country,
    shipments.flow,
    shipments.service,
    shipments.partner,
    shipments.destination,
    shipments.label_source,
    shipments.seller,
    shipments.origin_country || '-' || shipments.destination_country AS lane,
    1 AS due_n,
    CASE
        WHEN CASE
            WHEN rules.attempt_counts AND (rules.pickup_point_counts OR coalesce(shipments.service, '') <> 'pudo')
                THEN coalesce(shipments.first_attempt_at, shipments.delivered_at)
            ELSE shipments.delivered_at
        END <= shipments.promised_at THEN 1
        ELSE 0
    END AS on_time_n,
    CASE
        WHEN shipments.hub_scanned IS NULL OR shipments.first_scan_at <= calendar.seen_at THEN 1
        ELSE 0
    END AS seen_n,
    CASE
        WHEN shipments.status IN ('cancelled', 'diverted') THEN 1
        WHEN shipments.status = 'lost' AND calendar.day + rules.lost_after_days <= CAST(calendar.seen_at AS DATE)
            THEN 1
        ELSE 0
    END AS undelivered_n
FROM shipments
JOIN calendar ON calendar.day = shipments.promised_date
CROSS JOIN rules
WHERE calendar.seen_at >= shipments.known_at
    AND calendar.seen_at < shipments.replaced_at
    AND shipments.promised_at <= calendar.seen_at
    AND (
        shipments.hub_scanned IS NULL
        OR shipments.handover_declared_at <= calendar.seen_at
        OR shipments.first_scan_at <= calendar.seen_at
        OR shipments.first_attempt_at <= calendar.seen_at
        OR shipments.delivered_at <= calendar.seen_at
    )
