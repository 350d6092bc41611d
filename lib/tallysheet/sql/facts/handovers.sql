-- One row an accepted order line whose ship-by day is over: did the carrier have its parcel by then?
-- Ship-by: rules.ship_by_workdays working days of the seller's country after the day of acceptance (UTC);
-- what is accepted on a day off counts as accepted on the next working day. In time: the first scan, by the
-- clock of the country that the parcel leaves. Without a scan (not seen) the line is late.
SELECT
    due.week,
    due.seen_at,
    MIN(orders.seller) AS seller,
    MIN(sellers.country) AS origin_country,
    MIN(shipments.label_source) AS label_source,
    MIN(shipments.partner) AS partner,
    MIN(shipments.carrier) AS carrier,
    1 AS due_n,
    MAX(CASE
        WHEN shipments.first_scan_at <= due.seen_at
            AND CAST(shipments.first_scan_at + here.utc_offset AS DATE) <= due.day THEN 1
        ELSE 0
    END) AS in_time_n,
    MAX(CASE WHEN shipments.first_scan_at <= due.seen_at THEN 1 ELSE 0 END) AS seen_n
FROM (
    SELECT accepted.country, accepted.day AS accepted_on, calendar.day, calendar.week, calendar.seen_at
    FROM workdays AS accepted
    CROSS JOIN rules
    JOIN workdays AS ship_by ON ship_by.country = accepted.country
        AND ship_by.is_workday
        AND ship_by.number
            = accepted.number + CASE WHEN accepted.is_workday THEN 0 ELSE 1 END + rules.ship_by_workdays
    JOIN calendar ON calendar.day = ship_by.day
    JOIN workdays AS seen ON seen.country = accepted.country AND seen.day = CAST(calendar.seen_at AS DATE)
    WHERE ship_by.day < CAST(calendar.seen_at + seen.utc_offset AS DATE)
) AS due
JOIN orders ON due.accepted_on = CAST(orders.accepted_at AS DATE)
    AND orders.accepted_at BETWEEN due.accepted_on AND due.seen_at
JOIN sellers ON sellers.seller = orders.seller
    AND sellers.country = due.country
    AND due.accepted_on BETWEEN sellers.valid_from AND coalesce(sellers.valid_to, DATE '9999-12-31')
LEFT JOIN shipments ON shipments.order_id = orders.order_id
    AND shipments.flow = 'outbound'
    AND due.seen_at >= shipments.known_at
    AND due.seen_at < shipments.replaced_at
LEFT JOIN workdays AS here ON here.country = shipments.origin_country
    AND here.day = CAST(shipments.first_scan_at AS DATE)
WHERE due.seen_at >= orders.known_at
    AND due.seen_at < orders.replaced_at
    AND due.seen_at >= sellers.known_at
    AND due.seen_at < sellers.replaced_at
GROUP BY due.week, due.seen_at, orders.orderline_id
