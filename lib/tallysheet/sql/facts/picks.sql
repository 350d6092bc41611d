-- One row an order that a fulfilment partner has sent out: how many of its lines were picked right?
-- An order of which it is not known how many lines were wrong is not counted.
SELECT
    calendar.week,
    calendar.seen_at,
    fulfilment_jobs.partner,
    fulfilment_jobs.lines AS lines_n,
    fulfilment_jobs.lines - fulfilment_jobs.lines_wrong AS right_n
FROM fulfilment_jobs
JOIN calendar ON calendar.day = CAST(fulfilment_jobs.dispatched_at AS DATE)
WHERE calendar.seen_at >= fulfilment_jobs.known_at
    AND calendar.seen_at < fulfilment_jobs.replaced_at
    AND fulfilment_jobs.kind = 'outbound'
    AND fulfilment_jobs.dispatched_at BETWEEN calendar.day AND calendar.seen_at
    AND fulfilment_jobs.lines_wrong IS NOT NULL
