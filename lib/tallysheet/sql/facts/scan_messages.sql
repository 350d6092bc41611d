-- One row a message of a carrier: how many hours from the event to the word of it?
-- Counted in quarters of an hour; 15 hours or longer are one bin. Word that has not come cannot be counted;
-- word that came before its event is wrong.
SELECT
    calendar.week,
    calendar.seen_at,
    tracking_events.carrier,
    tracking_events.depot,
    tracking_events.norm_status,
    CAST(
        least(floor(date_diff('minute', tracking_events.event_at, tracking_events.received_at) / 15.0), 59)
        AS INTEGER
    ) AS latency_bin,
    1 AS received_n
FROM tracking_events
JOIN calendar ON calendar.day = CAST(tracking_events.event_at AS DATE)
WHERE calendar.seen_at >= tracking_events.known_at
    AND calendar.seen_at < tracking_events.replaced_at
    AND tracking_events.event_at BETWEEN calendar.day AND tracking_events.received_at
    AND tracking_events.received_at <= calendar.seen_at
