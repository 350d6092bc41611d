-- One row a claim submitted, in the week of its submission: how many days did its decision take from then on?
-- A claim that is open has the days for which it has waited so far; 90 stands for 90 and more. One that is
-- withdrawn has ended too.
SELECT
    calendar.week,
    calendar.seen_at,
    parcels.carrier,
    claims.claim_type,
    parcels.flow,
    least(
        CAST(
            floor(
                date_diff(
                    'minute',
                    claims.submitted_at,
                    least(coalesce(claims.decided_at, calendar.seen_at), calendar.seen_at)
                ) / 1440.0
            ) AS INTEGER
        ),
        90
    ) AS days_bin,
    1 AS submitted_n,
    CASE WHEN claims.decided_at <= calendar.seen_at THEN 1 ELSE 0 END AS decided_n
FROM claims
JOIN calendar ON calendar.day = CAST(claims.submitted_at AS DATE)
LEFT JOIN shipments AS parcels
    ON parcels.shipment_id = claims.shipment_id
    AND calendar.seen_at >= parcels.known_at
    AND calendar.seen_at < parcels.replaced_at
WHERE calendar.seen_at >= claims.known_at
    AND calendar.seen_at < claims.replaced_at
    AND claims.submitted_at <= calendar.seen_at
