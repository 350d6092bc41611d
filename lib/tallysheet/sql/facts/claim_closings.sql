-- One row a claim that was open in the minute of the week in which its carrier decided most, two or more: was it
-- one of them? Of minutes with as many the first counts.
-- Nobody decides a good part of what waits in a minute, one by one.
SELECT
    closings.week,
    closings.seen_at,
    closings.carrier,
    claims.claim_type,
    1 AS waiting_n,
    CASE
        WHEN date_diff('minute', closings.decided_at, claims.decided_at) = 0
            AND claims.decided_at <= closings.seen_at THEN 1
        ELSE 0
    END AS at_once_n
FROM (
    SELECT
        calendar.week,
        calendar.seen_at,
        shipments.carrier,
        min(claims.decided_at) AS decided_at,
        COUNT(*) AS decided_n,
        ROW_NUMBER() OVER (
            PARTITION BY calendar.week, calendar.seen_at, shipments.carrier
            ORDER BY COUNT(*) DESC, min(claims.decided_at)
        ) AS place
    FROM claims
    JOIN calendar ON calendar.day = CAST(claims.decided_at AS DATE)
    JOIN shipments
        ON shipments.shipment_id = claims.shipment_id
        AND calendar.seen_at >= shipments.known_at
        AND calendar.seen_at < shipments.replaced_at
    WHERE calendar.seen_at >= claims.known_at
        AND calendar.seen_at < claims.replaced_at
        AND claims.decided_at BETWEEN calendar.day AND calendar.seen_at
    GROUP BY
        calendar.week,
        calendar.seen_at,
        calendar.day,
        shipments.carrier,
        date_diff('minute', calendar.day, claims.decided_at)
) AS closings
JOIN claims
    ON closings.place = 1
    AND closings.decided_n >= 2
    AND claims.opened_at < closings.decided_at
    AND (claims.decided_at IS NULL OR claims.decided_at >= closings.decided_at)
    AND closings.seen_at >= claims.known_at
    AND closings.seen_at < claims.replaced_at
JOIN shipments AS parcels
    ON parcels.shipment_id = claims.shipment_id
    AND parcels.carrier = closings.carrier
    AND closings.seen_at >= parcels.known_at
    AND closings.seen_at < parcels.replaced_at
