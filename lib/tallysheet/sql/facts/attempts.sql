-- One row a parcel that was brought to a door (home and express): was it delivered at the first attempt?
-- A first attempt has succeeded if the parcel is delivered within 12 hours; before they are over, it is not
-- counted. A parcel that lies at a pick-up point is not brought to a door.
SELECT
    calendar.week,
    calendar.seen_at,
    shipments.carrier,
    shipments.destination_country,
    shipments.flow,
    shipments.service,
    shipments.destination,
    shipments.label_source,
    1 AS attempted_n,
    CASE WHEN shipments.delivered_at <= shipments.first_attempt_at + INTERVAL '12' HOUR THEN 1 ELSE 0 END
        AS succeeded_n
FROM shipments
JOIN calendar ON calendar.day = CAST(shipments.first_attempt_at AS DATE)
WHERE calendar.seen_at >= shipments.known_at
    AND calendar.seen_at < shipments.replaced_at
    AND shipments.service IN ('home', 'express')
    AND shipments.first_attempt_at BETWEEN calendar.day AND calendar.seen_at - INTERVAL '12' HOUR
