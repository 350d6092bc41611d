-- One row a claim that is open, was opened in the 26 weeks up to the week's end or since, or decided in the 13
-- up to it or since: against whom, how old, complete or not, and what came of it? In euro at the year's rates.
SELECT
    claims.claim_id,
    claims.shipment_id,
    claims.claim_type,
    parcels.carrier,
    parcels.seller,
    CAST(claims.opened_at AS DATE) AS opened_on,
    CAST(claims.decided_at AS DATE) AS decided_on,
    date_diff('day', CAST(claims.opened_at AS DATE), look.seen_on) AS age_days,
    coalesce(claims.docs_complete_at <= look.seen_at, false) AS is_complete,
    claims.decision,
    claims.reject_reason,
    CAST(round(claims.amount_claimed_cents / claimed_in.euro_rate) AS BIGINT) AS claimed_cents,
    CAST(round(claims.amount_paid_cents / claimed_in.euro_rate) AS BIGINT) AS paid_cents,
    CAST(round(terms.liability_limit_cents / paid_in.euro_rate) AS BIGINT) AS limit_cents
FROM claims
CROSS JOIN look
LEFT JOIN euro_rates AS claimed_in ON claimed_in.currency = claims.currency
LEFT JOIN shipments AS parcels ON parcels.shipment_id = claims.shipment_id
LEFT JOIN contract_terms AS terms
    ON terms.carrier = parcels.carrier
    AND CAST(claims.opened_at AS DATE) BETWEEN terms.valid_from AND coalesce(terms.valid_to, DATE '9999-12-31')
LEFT JOIN euro_rates AS paid_in ON paid_in.currency = terms.currency
WHERE claims.opened_at <= look.seen_at
    AND (
        claims.decision IS NULL
        OR CAST(claims.opened_at AS DATE) > look.last_day - 182
        OR CAST(claims.decided_at AS DATE) > look.last_day - 91
    )
ORDER BY claims.claim_id
