-- One row a parcel that its sender has declared as handed over: did the carrier tell all that it must?
-- All: two messages on the way (accepted, hub) and one of the arrival (delivered, or at a pick-up point).
-- Counted once it has arrived; else when its promise has run out and it was handed over a week ago. Numbers
-- are used again after about a year: a message belongs to the label made in the 90 days before it.
SELECT
    calendar.week,
    calendar.seen_at,
    shipments.carrier,
    shipments.flow,
    shipments.origin_country || '-' || shipments.destination_country AS lane,
    shipments.destination,
    shipments.service,
    1 AS due_n,
    CASE WHEN told.passed_n >= 2 AND told.arrived_n >= 1 THEN 1 ELSE 0 END AS complete_n
FROM shipments
JOIN calendar ON calendar.day = CAST(shipments.handover_declared_at AS DATE)
LEFT JOIN (
    SELECT
        shipments.shipment_id,
        calendar.seen_at,
        COUNT(CASE WHEN tracking_events.norm_status = 'in_transit' THEN 1 END) AS passed_n,
        COUNT(CASE WHEN tracking_events.norm_status IN ('delivered', 'available_for_pickup') THEN 1 END)
            AS arrived_n
    FROM shipments
    JOIN calendar ON calendar.day = CAST(shipments.handover_declared_at AS DATE)
    JOIN tracking_events ON tracking_events.tracking_number = shipments.tracking_number
        AND tracking_events.carrier = shipments.carrier
        AND tracking_events.event_at >= shipments.label_created_at
        AND tracking_events.event_at < shipments.label_created_at + INTERVAL '90' DAY
    WHERE calendar.seen_at >= shipments.known_at
        AND calendar.seen_at < shipments.replaced_at
        AND calendar.seen_at >= tracking_events.known_at
        AND calendar.seen_at < tracking_events.replaced_at
        AND calendar.seen_at >= tracking_events.event_at
    GROUP BY shipments.shipment_id, calendar.seen_at
) AS told ON told.shipment_id = shipments.shipment_id AND told.seen_at = calendar.seen_at
WHERE calendar.seen_at >= shipments.known_at
    AND calendar.seen_at < shipments.replaced_at
    AND shipments.handover_declared_at <= calendar.seen_at
    AND (
        shipments.delivered_at <= calendar.seen_at
        OR (shipments.service = 'pudo' AND shipments.first_attempt_at <= calendar.seen_at)
        OR (
            shipments.promised_at <= calendar.seen_at
            AND shipments.handover_declared_at + INTERVAL '7' DAY <= calendar.seen_at
        )
    )
