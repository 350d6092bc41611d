-- One row a parcel that its sender has declared as handed over: did the carrier tell all that it must?
-- All: two messages on the way (accepted, hub) and one of the arrival (delivered, or at a pick-up point).
-- Counted once it has arrived; else when its promise has run out and it was handed over a week ago. Numbers
-- are used again after about a year: a message belongs to the label made in the 90 days before it.
-- A carrier counts from the day of its first message on: of one that the extracts do not hold nothing is known.
SELECT
    calendar.week,
    calendar.seen_at,
    MIN(shipments.carrier) AS carrier,
    MIN(shipments.flow) AS flow,
    MIN(shipments.origin_country || '-' || shipments.destination_country) AS lane,
    MIN(shipments.destination) AS destination,
    MIN(shipments.service) AS service,
    1 AS due_n,
    CASE
        WHEN COUNT(CASE WHEN messages.norm_status = 'in_transit' THEN 1 END) >= 2
            AND COUNT(CASE WHEN messages.norm_status IN ('delivered', 'available_for_pickup') THEN 1 END) >= 1
            THEN 1
        ELSE 0
    END AS complete_n
FROM shipments
JOIN calendar ON calendar.day = CAST(shipments.handover_declared_at AS DATE)
JOIN (
    SELECT carrier, CAST(MIN(event_at) AS DATE) AS first_day, MIN(known_at) AS known_at
    FROM tracking_events
    GROUP BY carrier
) AS told
    ON told.carrier = shipments.carrier
    AND calendar.day >= told.first_day
    AND calendar.seen_at >= told.known_at
LEFT JOIN tracking_events AS messages
    ON messages.tracking_number = shipments.tracking_number
    AND messages.carrier = shipments.carrier
    AND messages.event_at >= shipments.label_created_at
    AND messages.event_at < shipments.label_created_at + INTERVAL '90' DAY
    AND calendar.seen_at >= messages.known_at
    AND calendar.seen_at < messages.replaced_at
    AND calendar.seen_at >= messages.event_at
WHERE calendar.seen_at >= shipments.known_at
    AND calendar.seen_at < shipments.replaced_at
    AND shipments.handover_declared_at BETWEEN calendar.day AND calendar.seen_at
    AND (
        shipments.delivered_at <= calendar.seen_at
        OR (shipments.service = 'pudo' AND shipments.first_attempt_at <= calendar.seen_at)
        OR (
            shipments.promised_at <= calendar.seen_at
            AND shipments.handover_declared_at + INTERVAL '7' DAY <= calendar.seen_at
        )
    )
GROUP BY calendar.week, calendar.seen_at, shipments.shipment_id
