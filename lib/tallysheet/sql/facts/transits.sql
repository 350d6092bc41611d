-- One row a parcel that a carrier has scanned: how many working days to the first attempt, and in time?
-- In time: not more working days of the destination than the promise leaves after the ship-by day (that of
-- handovers, by the order's first line; of what comes back, after the first scan). Judged: attempted, or
-- those days are over; where the order is not in the data, nothing can be said. The first scan is by the clock
-- of where the parcel comes from, or goes to if that is not known.
SELECT
    calendar.week,
    calendar.seen_at,
    shipments.carrier,
    shipments.origin_country || '-' || shipments.destination_country AS lane,
    shipments.destination_country,
    shipments.flow,
    shipments.service,
    shipments.destination,
    shipments.label_source,
    least(greatest(attempted.number - scanned.number, 0), 59) AS transit_days_bin,
    CASE WHEN attempted.number - scanned.number IS NOT NULL THEN 1 ELSE 0 END AS attempted_n,
    CASE WHEN attempted.number - scanned.number <= promised.number - granted.number THEN 1 ELSE 0 END
        AS in_time_n,
    CASE
        WHEN attempted.number - scanned.number <= promised.number - granted.number THEN 1
        WHEN coalesce(attempted.number, today.number) - scanned.number > promised.number - granted.number
            THEN 1
        ELSE 0
    END AS judged_n
FROM shipments
JOIN calendar ON calendar.day = CAST(shipments.first_scan_at AS DATE)
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
LEFT JOIN workdays AS here ON here.country = coalesce(shipments.origin_country, shipments.destination_country)
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
    AND coalesce(shipments.first_attempt_at, shipments.delivered_at) <= calendar.seen_at
LEFT JOIN workdays AS seen ON seen.country = shipments.destination_country
    AND seen.day = CAST(calendar.seen_at AS DATE)
LEFT JOIN workdays AS today ON today.country = shipments.destination_country
    AND today.day = CAST(calendar.seen_at + seen.utc_offset AS DATE)
WHERE calendar.seen_at >= shipments.known_at
    AND calendar.seen_at < shipments.replaced_at
    AND shipments.first_scan_at BETWEEN calendar.day AND calendar.seen_at
    AND earlier.orderline_id IS NULL
