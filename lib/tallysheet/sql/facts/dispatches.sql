-- One row an order that a fulfilment partner had by its cut-off: was it sent out by then?
-- Counted once the cut-off is past; what came in after its cut-off is not.
SELECT
    calendar.week,
    calendar.seen_at,
    fulfilment_jobs.partner,
    1 AS due_n,
    CASE WHEN fulfilment_jobs.dispatched_at <= fulfilment_jobs.cut_off_at THEN 1 ELSE 0 END AS in_time_n
FROM fulfilment_jobs
JOIN calendar ON calendar.day = CAST(fulfilment_jobs.cut_off_at AS DATE)
WHERE calendar.seen_at >= fulfilment_jobs.known_at
    AND calendar.seen_at < fulfilment_jobs.replaced_at
    AND fulfilment_jobs.kind = 'outbound'
    AND fulfilment_jobs.released_at <= fulfilment_jobs.cut_off_at
    AND fulfilment_jobs.cut_off_at BETWEEN calendar.day AND calendar.seen_at
