-- One row an outbound parcel delivered in the week: was a return of its order asked for?
-- Within rules.return_days of the delivery, in calendar days. What buyers at Christmas ask for later, until
-- 31 January, does not count: all weeks have the same time. An order is returned once, whatever comes back.
-- One with several kinds of device counts in the first of them by name.
SELECT
    calendar.week,
    calendar.seen_at,
    min(shipments.destination_country) AS destination_country,
    min(orders.category) AS category,
    min(shipments.carrier) AS carrier,
    min(shipments.label_source) AS label_source,
    min(shipments.seller) AS seller,
    1 AS delivered_n,
    max(CASE WHEN reverse_cases.case_id IS NULL THEN 0 ELSE 1 END) AS returned_n
FROM shipments
JOIN calendar ON calendar.day = CAST(shipments.delivered_at AS DATE)
CROSS JOIN rules
LEFT JOIN orders ON orders.order_id = shipments.order_id
    AND calendar.seen_at >= orders.known_at
    AND calendar.seen_at < orders.replaced_at
LEFT JOIN reverse_cases ON reverse_cases.order_id = shipments.order_id
    AND reverse_cases.case_type = 'return'
    AND reverse_cases.requested_at >= shipments.delivered_at
    AND CAST(reverse_cases.requested_at AS DATE) <= calendar.day + rules.return_days
    AND calendar.seen_at >= reverse_cases.requested_at
    AND calendar.seen_at >= reverse_cases.known_at
    AND calendar.seen_at < reverse_cases.replaced_at
WHERE shipments.flow = 'outbound'
    AND shipments.order_id IS NOT NULL
    AND calendar.seen_at >= shipments.known_at
    AND calendar.seen_at < shipments.replaced_at
    AND shipments.delivered_at BETWEEN calendar.day AND calendar.seen_at
GROUP BY calendar.week, calendar.seen_at, shipments.shipment_id
