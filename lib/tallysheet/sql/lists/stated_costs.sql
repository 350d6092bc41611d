-- One row a carrier: what do shipments themselves say they cost, in the week and in the four weeks before?
-- By the week in which they were due, in euro cents at the year's rates; those that say nothing are left out.
SELECT
    shipments.carrier,
    CAST(sum(CASE WHEN promised_date >= look.first_day THEN 1 ELSE 0 END) AS BIGINT) AS now_n,
    CAST(sum(CASE WHEN promised_date >= look.first_day THEN cents ELSE 0 END) AS BIGINT) AS now_cents,
    CAST(sum(CASE WHEN promised_date >= look.first_day THEN 0 ELSE 1 END) AS BIGINT) AS before_n,
    CAST(sum(CASE WHEN promised_date >= look.first_day THEN 0 ELSE cents END) AS BIGINT) AS before_cents
FROM (
    SELECT shipments.*, CAST(round(cost_cents / euro_rate) AS BIGINT) AS cents
    FROM shipments
    JOIN euro_rates ON euro_rates.currency = shipments.currency
) AS shipments
CROSS JOIN look
WHERE cents IS NOT NULL
    AND promised_date BETWEEN look.first_day - 28 AND look.last_day
GROUP BY shipments.carrier
ORDER BY shipments.carrier
