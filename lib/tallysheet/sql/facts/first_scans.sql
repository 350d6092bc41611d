-- One row a parcel that a carrier has scanned: is it lost, and how often has it been claimed?
-- Lost: neither attempted nor delivered, and its promise is rules.lost_after_days old; what turns up later
-- is lost no more. Claims: all that name it, of any kind. The category is that of the order's first line.
SELECT
    calendar.week,
    calendar.seen_at,
    shipments.carrier,
    shipments.origin_country || '-' || shipments.destination_country AS lane,
    shipments.destination,
    orders.category,
    shipments.destination_country,
    shipments.flow,
    shipments.service,
    shipments.label_source,
    1 AS scanned_n,
    CASE
        WHEN shipments.first_attempt_at <= calendar.seen_at THEN 0
        WHEN shipments.delivered_at <= calendar.seen_at THEN 0
        WHEN shipments.promised_date + rules.lost_after_days <= CAST(calendar.seen_at AS DATE) THEN 1
        ELSE 0
    END AS lost_n,
    coalesce(claimed.claims_n, 0) AS claims_n
FROM shipments
JOIN calendar ON calendar.day = CAST(shipments.first_scan_at AS DATE)
CROSS JOIN rules
LEFT JOIN orders ON orders.order_id = shipments.order_id
    AND shipments.flow = 'outbound'
    AND calendar.seen_at >= orders.known_at
    AND calendar.seen_at < orders.replaced_at
LEFT JOIN orders AS earlier ON earlier.order_id = orders.order_id
    AND earlier.orderline_id < orders.orderline_id
    AND calendar.seen_at >= earlier.known_at
    AND calendar.seen_at < earlier.replaced_at
LEFT JOIN (
    SELECT claims.shipment_id, looks.seen_at, COUNT(*) AS claims_n
    FROM claims
    JOIN (SELECT seen_at FROM calendar GROUP BY seen_at) AS looks ON looks.seen_at >= claims.known_at
        AND looks.seen_at < claims.replaced_at
    WHERE claims.opened_at <= looks.seen_at
    GROUP BY claims.shipment_id, looks.seen_at
) AS claimed ON claimed.shipment_id = shipments.shipment_id AND claimed.seen_at = calendar.seen_at
WHERE calendar.seen_at >= shipments.known_at
    AND calendar.seen_at < shipments.replaced_at
    AND shipments.first_scan_at BETWEEN calendar.day AND calendar.seen_at
    AND earlier.orderline_id IS NULL
