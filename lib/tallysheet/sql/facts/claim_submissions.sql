-- One row a claim submitted, in the week of its submission: was all evidence there?
SELECT
    calendar.week,
    calendar.seen_at,
    claims.claim_type,
    parcels.carrier,
    parcels.flow,
    1 AS submitted_n,
    CASE WHEN claims.docs_complete_at <= claims.submitted_at THEN 1 ELSE 0 END AS complete_n
FROM claims
JOIN calendar ON calendar.day = CAST(claims.submitted_at AS DATE)
LEFT JOIN shipments AS parcels
    ON parcels.shipment_id = claims.shipment_id
    AND calendar.seen_at >= parcels.known_at
    AND calendar.seen_at < parcels.replaced_at
WHERE calendar.seen_at >= claims.known_at
    AND calendar.seen_at < claims.replaced_at
    AND claims.submitted_at <= calendar.seen_at
