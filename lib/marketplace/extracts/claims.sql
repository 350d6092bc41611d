-- The claims desk's export: one row a claim.
SELECT
    file,
    draw,
    printf('K%09d', shipment) AS claim_id,
    printf('P%09d', shipment) AS shipment_id,
    type AS claim_type,
    known(opened_at) AS opened_at,
    known(docs_at) AS docs_complete_at,
    known(submitted_at) AS submitted_at,
    known(decided_at) AS decided_at,
    known(paid_at) AS paid_at,
    euros(claimed_cents) AS amount_claimed,
    CASE WHEN known(decided_at) IS NOT NULL THEN euros(accepted_cents) END AS amount_accepted,
    CASE WHEN known(paid_at) IS NOT NULL THEN euros(accepted_cents) END AS amount_paid,
    'EUR' AS currency,
    CASE WHEN known(decided_at) IS NOT NULL THEN decision END AS decision,
    CASE WHEN known(decided_at) IS NOT NULL THEN nullif(reject_reason, '') END AS reject_reason,
    CASE WHEN known(decided_at) IS NOT NULL THEN fault END AS party_at_fault,
    agent AS handled_by
FROM rows
ORDER BY opened_at, shipment
