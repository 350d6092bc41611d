-- The back office's export: one row an order line, states as numbers, amounts in the buyer's currency.
SELECT
    file,
    draw,
    printf('L%09d', "order") || CASE line WHEN 1 THEN '' ELSE '-2' END AS orderline_id,
    printf('O%09d', "order") AS order_id,
    seller AS seller_id,
    country AS country_code,
    category,
    euros(CAST(round(CASE line WHEN 1 THEN value_cents ELSE 2500 END * rate) AS BIGINT)) AS item_value,
    currency,
    known(paid_at) AS paid_at,
    known(accepted_at) AS accepted_at,
    CASE
        WHEN known(accepted_at) IS NULL THEN 1
        WHEN known(scan_at) IS NULL THEN 2
        ELSE 3
    END AS state,
    calendar(promised_day - 2) AS promised_from,
    calendar(promised_day) AS promised_to,
    promise_rule AS promise_rule_version,
    is_eligible AS backship_eligible
FROM (
    SELECT *, unnest(CASE WHEN second_line THEN [1, 2] ELSE [1] END) AS line
    FROM rows
    ORDER BY paid_at, "order"
)
