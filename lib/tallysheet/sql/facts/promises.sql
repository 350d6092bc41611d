-- One row a shipment due that a carrier has scanned: how long was its promise, and how much of it was left?
-- Both in working days of the destination: granted, from the ship-by day (that of handovers, by the order's
-- first line; of what comes back, from the first scan) to the promise, and if that is a day off there, from
-- the next working day; spare, from the first attempt to the promise, at most 3 either way; what has not come
-- counts as 3 late. Where the order is not in the data, nothing can be said.
SELECT
    calendar.week,
    calendar.seen_at,
    shipments.carrier,
    shipments.destination_country,
    shipments.flow,
    shipments.service,
    shipments.origin_country || '-' || shipments.destination_country AS lane,
    least(
        greatest(promised.number - begun.number - CASE WHEN begun.is_workday THEN 0 ELSE 1 END, 0), 30
    ) AS granted_days_bin,
    greatest(least(coalesce(promised.number - attempted.number, -3), 3), -3) AS spare_days_bin,
    1 AS due_n
FROM shipments
JOIN calendar ON calendar.day = shipments.promised_date
LEFT JOIN orders ON orders.order_id = shipments.order_id
    AND calendar.seen_at >= orders.known_at
    AND calendar.seen_at < orders.replaced_at
LEFT JOIN orders AS earlier ON earlier.order_id = orders.order_id
    AND earlier.orderline_id < orders.orderline_id
    AND calendar.seen_at >= earlier.known_at
    AND calendar.seen_at < earlier.replaced_at
LEFT JOIN (
    SELECT accepted.country, accepted.day AS accepted_on, ship_by.day
    FROM (
        SELECT
            country,
            day,
            number + CASE WHEN is_workday THEN 0 ELSE 1 END + ship_by_workdays AS ship_by_number
        FROM workdays
        CROSS JOIN rules
    ) AS accepted
    JOIN workdays AS ship_by ON ship_by.country = accepted.country
        AND ship_by.is_workday
        AND ship_by.number = accepted.ship_by_number
) AS ship_by ON ship_by.country = shipments.origin_country
    AND ship_by.accepted_on = CAST(orders.accepted_at AS DATE)
    AND orders.accepted_at <= calendar.seen_at
LEFT JOIN workdays AS here ON here.country = shipments.origin_country
    AND here.day = CAST(shipments.first_scan_at AS DATE)
LEFT JOIN workdays AS there ON there.country = shipments.destination_country
    AND there.day = CAST(coalesce(shipments.first_attempt_at, shipments.delivered_at) AS DATE)
LEFT JOIN workdays AS begun ON begun.country = shipments.destination_country
    AND begun.day = CASE
        WHEN shipments.flow = 'outbound' THEN ship_by.day
        ELSE CAST(shipments.first_scan_at + here.utc_offset AS DATE)
    END
LEFT JOIN workdays AS promised ON promised.country = shipments.destination_country
    AND promised.day = shipments.promised_date
LEFT JOIN workdays AS attempted ON attempted.country = shipments.destination_country
    AND attempted.day
        = CAST(coalesce(shipments.first_attempt_at, shipments.delivered_at) + there.utc_offset AS DATE)
    AND coalesce(shipments.first_attempt_at, shipments.delivered_at) <= calendar.seen_at
WHERE calendar.seen_at >= shipments.known_at
    AND calendar.seen_at < shipments.replaced_at
    AND shipments.promised_at <= calendar.seen_at
    AND shipments.first_scan_at <= calendar.seen_at
    AND promised.number - begun.number IS NOT NULL
    AND earlier.orderline_id IS NULL
