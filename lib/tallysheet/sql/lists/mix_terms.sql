-- One row a carrier: the terms of its contract that hold now, and how many parcels that are sent to customers it
-- takes in a week, of the last 12 weeks: what it has promised to take, and was promised, is of all flows.
SELECT
    terms.carrier,
    terms.weekly_capacity,
    terms.min_volume,
    CAST(round(terms.shortfall_fee_cents / euro_rates.euro_rate) AS BIGINT) AS fee_cents,
    terms.max_weekly_shift_share,
    coalesce(sent.parcels_n, 0) / 12.0 AS outbound
FROM contract_terms AS terms
CROSS JOIN look
LEFT JOIN euro_rates ON euro_rates.currency = terms.currency
LEFT JOIN (
    SELECT carrier, count(*) AS parcels_n
    FROM shipments
    CROSS JOIN look
    WHERE flow = 'outbound'
        AND CAST(first_scan_at AS DATE) BETWEEN look.last_day - 83 AND look.last_day
        AND first_scan_at <= look.seen_at
    GROUP BY carrier
) AS sent ON sent.carrier = terms.carrier
WHERE look.last_day BETWEEN terms.valid_from AND coalesce(terms.valid_to, look.last_day)
ORDER BY terms.carrier
