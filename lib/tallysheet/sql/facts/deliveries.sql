-- One row a delivered parcel: was it damaged?
-- Damaged: a claim for damage names it that was granted, wholly or in part, or whose evidence is complete.
-- The category is that of the order's first line.
SELECT
    calendar.week,
    calendar.seen_at,
    shipments.carrier,
    shipments.origin_country || '-' || shipments.destination_country AS lane,
    orders.category,
    shipments.destination_country,
    shipments.flow,
    shipments.service,
    shipments.destination,
    shipments.partner,
    shipments.label_source,
    shipments.seller,
    1 AS delivered_n,
    CASE WHEN damaged.shipment_id IS NOT NULL THEN 1 ELSE 0 END AS damaged_n
FROM shipments
JOIN calendar ON calendar.day = CAST(shipments.delivered_at AS DATE)
LEFT JOIN orders ON orders.order_id = shipments.order_id
    AND shipments.flow = 'outbound'
    AND calendar.seen_at >= orders.known_at
    AND calendar.seen_at < orders.replaced_at
LEFT JOIN orders AS earlier ON earlier.order_id = orders.order_id
    AND earlier.orderline_id < orders.orderline_id
    AND calendar.seen_at >= earlier.known_at
    AND calendar.seen_at < earlier.replaced_at
LEFT JOIN (
    SELECT claims.shipment_id, looks.seen_at
    FROM claims
    JOIN (SELECT seen_at FROM calendar GROUP BY seen_at) AS looks ON looks.seen_at >= claims.known_at
        AND looks.seen_at < claims.replaced_at
    WHERE claims.claim_type = 'damaged'
        AND claims.opened_at <= looks.seen_at
        AND (
            claims.docs_complete_at <= looks.seen_at
            OR (claims.decided_at <= looks.seen_at AND claims.decision IN ('accepted', 'partial'))
        )
    GROUP BY claims.shipment_id, looks.seen_at
) AS damaged ON damaged.shipment_id = shipments.shipment_id AND damaged.seen_at = calendar.seen_at
WHERE calendar.seen_at >= shipments.known_at
    AND calendar.seen_at < shipments.replaced_at
    AND shipments.delivered_at BETWEEN calendar.day AND calendar.seen_at
    AND earlier.orderline_id IS NULL
