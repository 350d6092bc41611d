-- One row a claim, in the week in which it was opened: after how many days was it decided, and how?
-- A claim that is open has the days for which it has been open so far; 90 stands for 90 and more. One that is
-- withdrawn has ended too; won is what was accepted, wholly or in part.
SELECT
    calendar.week,
    calendar.seen_at,
    parcels.carrier,
    claims.claim_type,
    parcels.flow,
    parcels.label_source,
    least(
        CAST(
            floor(
                date_diff(
                    'minute',
                    claims.opened_at,
                    least(coalesce(claims.decided_at, calendar.seen_at), calendar.seen_at)
                ) / 1440.0
            ) AS INTEGER
        ),
        90
    ) AS days_bin,
    1 AS opened_n,
    CASE WHEN claims.decided_at <= calendar.seen_at THEN 1 ELSE 0 END AS decided_n,
    CASE
        WHEN claims.decided_at <= calendar.seen_at AND claims.decision IN ('accepted', 'partial') THEN 1
        ELSE 0
    END AS won_n
FROM claims
JOIN calendar ON calendar.day = CAST(claims.opened_at AS DATE)
LEFT JOIN shipments AS parcels
    ON parcels.shipment_id = claims.shipment_id
    AND calendar.seen_at >= parcels.known_at
    AND calendar.seen_at < parcels.replaced_at
WHERE calendar.seen_at >= claims.known_at
    AND calendar.seen_at < claims.replaced_at
    AND claims.opened_at <= calendar.seen_at
