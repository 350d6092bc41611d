-- One row a delivery at a fulfilment partner's dock that is in stock: how many hours did it take?
-- Tenths of an hour; 999 or more are one bin. What is not in stock yet is not counted.
SELECT
    calendar.week,
    calendar.seen_at,
    fulfilment_jobs.partner,
    CAST(
        least(floor(date_diff('minute', fulfilment_jobs.dock_in_at, fulfilment_jobs.stocked_at) / 6.0), 999)
        AS INTEGER
    ) AS stocked_tenths_bin,
    1 AS stocked_n
FROM fulfilment_jobs
JOIN calendar ON calendar.day = CAST(fulfilment_jobs.dock_in_at AS DATE)
WHERE calendar.seen_at >= fulfilment_jobs.known_at
    AND calendar.seen_at < fulfilment_jobs.replaced_at
    AND fulfilment_jobs.kind = 'inbound'
    AND fulfilment_jobs.stocked_at <= calendar.seen_at
    AND fulfilment_jobs.dock_in_at BETWEEN calendar.day AND fulfilment_jobs.stocked_at
