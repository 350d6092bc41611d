-- One row a claim that was open when a week ended: how many are there, and how old?
-- The week has ended: seven days from its Monday are over. Age in days on that Sunday.
SELECT
    calendar.week,
    calendar.seen_at,
    CASE
        WHEN date_diff('day', CAST(claims.opened_at AS DATE), calendar.day) <= 14 THEN '0-14 days'
        WHEN date_diff('day', CAST(claims.opened_at AS DATE), calendar.day) <= 30 THEN '15-30 days'
        ELSE 'over 30 days'
    END AS age_band,
    parcels.carrier,
    claims.claim_type,
    parcels.flow,
    1 AS open_n
FROM claims
JOIN (SELECT week, seen_at, MAX(day) AS day FROM calendar GROUP BY week, seen_at) AS calendar
    ON calendar.day >= CAST(claims.opened_at AS DATE)
    AND calendar.day < coalesce(CAST(claims.decided_at AS DATE), DATE '9999-12-31')
LEFT JOIN shipments AS parcels
    ON parcels.shipment_id = claims.shipment_id
    AND calendar.seen_at >= parcels.known_at
    AND calendar.seen_at < parcels.replaced_at
WHERE calendar.seen_at >= claims.known_at
    AND calendar.seen_at < claims.replaced_at
    AND calendar.day < CAST(calendar.seen_at AS DATE)
