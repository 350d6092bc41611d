-- One row a kind of case and a leg of it, and a span of weeks: how many days did it take? Of the cases that were
-- asked for in the 13 weeks (now) and in the 13 before (before) that are old enough for nearly all to be over:
-- the latest one five weeks before the opened week. The latest time of a leg is its end, the one before its start;
-- a lower offer waits for the customer, so that payment after one is a leg of its own.
SELECT
    span,
    case_type,
    leg,
    count(*) AS cases_n,
    quantile_cont(days, 0.5) AS median_days,
    quantile_cont(days, 0.9) AS p90_days
FROM (
    SELECT
        CASE WHEN CAST(requested_at AS DATE) > look.last_day - 126 THEN 'now' ELSE 'before' END AS span,
        case_type,
        unnest(['drop', 'carry', 'grade', 'answer', 'pay']) AS leg,
        unnest(
            [
                date_diff('minute', requested_at, dropped_off_at),
                date_diff('minute', dropped_off_at, received_at),
                date_diff('minute', received_at, graded_at),
                date_diff('minute', counter_offer_at, paid_out_at),
                CASE WHEN counter_offer_at IS NULL THEN date_diff('minute', graded_at, paid_out_at) END
            ]
        ) / 1440.0 AS days
    FROM reverse_cases
    CROSS JOIN look
    WHERE CAST(requested_at AS DATE) BETWEEN look.last_day - 216 AND look.last_day - 35
)
WHERE days >= 0
GROUP BY span, case_type, leg
ORDER BY span, case_type, leg
