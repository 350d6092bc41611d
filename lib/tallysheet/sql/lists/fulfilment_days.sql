-- One row a fulfilment partner, day and step of the last 13 weeks: how many, and how many of them went wrong?
-- dispatch: orders that it had by their cut-off, on the day of the cut-off; wrong: not sent out by then.
-- stock: deliveries at its dock, on that day; wrong: not in stock 24 hours later. pick: order lines sent out, on
-- the day of dispatch; wrong: wrong item or number. What cannot be told yet is not counted.
SELECT partner, step, day, CAST(sum(n) AS BIGINT) AS n, CAST(sum(wrong_n) AS BIGINT) AS wrong_n
FROM (
    SELECT
        jobs.partner,
        'dispatch' AS step,
        CAST(jobs.cut_off_at AS DATE) AS day,
        1 AS n,
        CASE WHEN jobs.dispatched_at <= jobs.cut_off_at THEN 0 ELSE 1 END AS wrong_n
    FROM fulfilment_jobs AS jobs
    CROSS JOIN look
    WHERE jobs.kind = 'outbound'
        AND jobs.released_at <= jobs.cut_off_at
        AND jobs.cut_off_at <= look.seen_at
    UNION ALL
    SELECT
        jobs.partner,
        'stock' AS step,
        CAST(jobs.dock_in_at AS DATE) AS day,
        1 AS n,
        CASE WHEN jobs.stocked_at <= jobs.dock_in_at + INTERVAL '24' HOUR THEN 0 ELSE 1 END AS wrong_n
    FROM fulfilment_jobs AS jobs
    CROSS JOIN look
    WHERE jobs.kind = 'inbound'
        AND jobs.dock_in_at + INTERVAL '24' HOUR <= look.seen_at
    UNION ALL
    SELECT
        jobs.partner,
        'pick' AS step,
        CAST(jobs.dispatched_at AS DATE) AS day,
        jobs.lines AS n,
        jobs.lines_wrong AS wrong_n
    FROM fulfilment_jobs AS jobs
    CROSS JOIN look
    WHERE jobs.kind = 'outbound'
        AND jobs.dispatched_at <= look.seen_at
        AND jobs.lines_wrong IS NOT NULL
)
CROSS JOIN look
WHERE day BETWEEN look.last_day - 90 AND look.last_day
    AND partner IS NOT NULL
GROUP BY ALL
ORDER BY ALL
