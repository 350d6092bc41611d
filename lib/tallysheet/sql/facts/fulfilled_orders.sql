-- One row an outbound parcel that is delivered: how many days since its order was paid?
-- Paid: the order's first line. Days of 24 hours, counted in quarters; 15 days or longer are one bin.
SELECT
    calendar.week,
    calendar.seen_at,
    shipments.origin_country || '-' || shipments.destination_country AS lane,
    shipments.carrier,
    shipments.destination_country,
    shipments.service,
    shipments.partner,
    shipments.label_source,
    CAST(
        least(floor(greatest(date_diff('minute', orders.paid_at, shipments.delivered_at), 0) / 360.0), 59)
        AS INTEGER
    ) AS click_to_door_bin,
    1 AS delivered_n
FROM (SELECT *, CAST(paid_at AS DATE) AS day FROM orders) AS orders
JOIN calendar ON calendar.day = orders.day
JOIN shipments ON shipments.order_id = orders.order_id
    AND shipments.flow = 'outbound'
    AND calendar.seen_at >= shipments.known_at
    AND calendar.seen_at < shipments.replaced_at
    AND shipments.delivered_at <= calendar.seen_at
LEFT JOIN orders AS earlier ON earlier.order_id = orders.order_id
    AND earlier.orderline_id < orders.orderline_id
    AND calendar.seen_at >= earlier.known_at
    AND calendar.seen_at < earlier.replaced_at
WHERE calendar.seen_at >= orders.known_at
    AND calendar.seen_at < orders.replaced_at
    AND orders.paid_at BETWEEN calendar.day AND calendar.seen_at
    AND earlier.orderline_id IS NULL
