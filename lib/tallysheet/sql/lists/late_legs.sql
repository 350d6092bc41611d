-- One row a carrier, partner, flow, lane and leg: how many parcels of the last 4 weeks were in time, and of the
-- late ones, which leg made them late? Late: not in the customer's hands (at a pick-up point: there) by the
-- promise. last_mile: brought by the promise, and not handed out. handover: first scanned after the ship-by
-- day, carried in the days that the promise left after it. transit: handed over in time, carried too long.
-- both: the one and the other. unknown: without a scan, or the order is not in the data.
SELECT carrier, coalesce(partner, '') AS partner, flow, coalesce(lane, '') AS lane, leg, count(*) AS parcels_n
FROM (
    SELECT
        shipments.carrier,
        shipments.partner,
        shipments.flow,
        shipments.origin_country || '-' || shipments.destination_country AS lane,
        CASE
            WHEN CASE
                WHEN shipments.service = 'pudo' THEN coalesce(shipments.first_attempt_at, shipments.delivered_at)
                ELSE shipments.delivered_at
            END <= shipments.promised_at THEN 'in_time'
            WHEN shipments.first_attempt_at <= shipments.promised_at THEN 'last_mile'
            WHEN shipments.first_scan_at IS NULL OR promised.number - granted.number IS NULL THEN 'unknown'
            WHEN coalesce(attempted.number, 999999) - scanned.number <= promised.number - granted.number
                THEN 'handover'
            WHEN shipments.flow = 'outbound'
                AND CAST(shipments.first_scan_at + here.utc_offset AS DATE) > ship_by.day THEN 'both'
            ELSE 'transit'
        END AS leg
    FROM shipments
    CROSS JOIN look
    LEFT JOIN (SELECT order_id, min_by(accepted_at, orderline_id) AS accepted_at FROM orders GROUP BY order_id)
        AS ordered ON ordered.order_id = shipments.order_id
    LEFT JOIN (
        SELECT accepted.country, accepted.day AS accepted_on, ship_by.day
        FROM workdays AS accepted
        CROSS JOIN rules
        JOIN workdays AS ship_by ON ship_by.country = accepted.country
            AND ship_by.is_workday
            AND ship_by.number = accepted.number + CASE WHEN accepted.is_workday THEN 0 ELSE 1 END
                + rules.ship_by_workdays
    ) AS ship_by ON ship_by.country = shipments.origin_country
        AND ship_by.accepted_on = CAST(ordered.accepted_at AS DATE)
    LEFT JOIN workdays AS here ON here.country = shipments.origin_country
        AND here.day = CAST(shipments.first_scan_at AS DATE)
    LEFT JOIN workdays AS there ON there.country = shipments.destination_country
        AND there.day = CAST(coalesce(shipments.first_attempt_at, shipments.delivered_at) AS DATE)
    LEFT JOIN workdays AS scanned ON scanned.country = shipments.destination_country
        AND scanned.day = CAST(shipments.first_scan_at + here.utc_offset AS DATE)
    LEFT JOIN workdays AS granted ON granted.country = shipments.destination_country
        AND granted.day = CASE WHEN shipments.flow = 'outbound' THEN ship_by.day ELSE scanned.day END
    LEFT JOIN workdays AS promised ON promised.country = shipments.destination_country
        AND promised.day = shipments.promised_date
    LEFT JOIN workdays AS attempted ON attempted.country = shipments.destination_country
        AND attempted.day
            = CAST(coalesce(shipments.first_attempt_at, shipments.delivered_at) + there.utc_offset AS DATE)
    WHERE shipments.promised_date BETWEEN look.last_day - 27 AND look.last_day
        AND shipments.promised_at <= look.seen_at
        AND (
            shipments.hub_scanned IS NULL
            OR shipments.handover_declared_at IS NOT NULL
            OR shipments.first_scan_at IS NOT NULL
            OR shipments.first_attempt_at IS NOT NULL
            OR shipments.delivered_at IS NOT NULL
        )
)
GROUP BY ALL
ORDER BY ALL
