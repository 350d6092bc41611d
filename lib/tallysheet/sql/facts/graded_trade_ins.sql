-- One row a trade-in whose device was examined in the week: was a lower offer made?
-- One that nobody noted as examined is not in it, even if a lower offer followed.
-- Carrier and country are its parcel's.
SELECT
    calendar.week,
    calendar.seen_at,
    min(shipments.partner) AS partner,
    min(shipments.origin_country) AS origin_country,
    min(shipments.carrier) AS carrier,
    1 AS graded_n,
    max(CASE WHEN cases.counter_offer_at <= calendar.seen_at THEN 1 ELSE 0 END) AS counter_offer_n
FROM reverse_cases AS cases
JOIN calendar ON calendar.day = CAST(cases.graded_at AS DATE)
LEFT JOIN shipments ON shipments.case_id = cases.case_id
    AND shipments.flow = 'trade_in'
    AND calendar.seen_at >= shipments.known_at
    AND calendar.seen_at < shipments.replaced_at
WHERE cases.case_type = 'trade_in'
    AND calendar.seen_at >= cases.known_at
    AND calendar.seen_at < cases.replaced_at
    AND cases.graded_at BETWEEN calendar.day AND calendar.seen_at
GROUP BY calendar.week, calendar.seen_at, cases.case_id
