-- Returns and trade-ins: one row a case.
SELECT
    file,
    draw,
    printf('C%09d', "case") AS case_id,
    flow AS case_type,
    CASE WHEN "order" > 0 THEN printf('O%09d', "order") END AS order_id,
    nullif(reason, '') AS reason,
    CASE flow WHEN 'trade_in' THEN euros(CAST(round(value_cents * rate) AS BIGINT)) END AS offer_value,
    currency,
    known(requested_at) AS requested_at,
    known(label_at) AS label_issued_at,
    known(dropped_at) AS dropped_off_at,
    known(dock_in_at) AS received_at,
    known(graded_at) AS graded_at,
    known(counter_at) AS counter_offer_at,
    known(closed_at) AS closed_at,
    CASE WHEN known(closed_at) IS NOT NULL THEN outcome END AS outcome,
    known(paid_out_at) AS paid_out_at,
    CASE WHEN known(paid_out_at) IS NOT NULL THEN euros(CAST(round(payout_cents * rate) AS BIGINT)) END AS payout,
    CASE WHEN known(paid_out_at) IS NOT NULL THEN currency END AS payout_currency
FROM rows
ORDER BY requested_at, "case"
