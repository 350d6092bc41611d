-- One row an order paid: was BackShip open to it, and was it sent with a BackShip label?
-- An order of several lines counts once; it is eligible if one of its lines was on the day of the order.
-- What a seller was on that day: the latest step that it had taken until then, whatever its last day says.
SELECT
    sold.week,
    sold.seen_at,
    sold.country,
    sold.seller,
    standing.size_band,
    1 AS orders_n,
    sold.is_eligible AS eligible_n,
    sold.is_eligible * sold.has_label AS backship_n,
    CASE WHEN standing.backship_status = 'activated' THEN sold.is_eligible ELSE 0 END AS active_eligible_n,
    CASE WHEN standing.backship_status = 'activated' THEN sold.is_eligible * sold.has_label ELSE 0 END
        AS active_backship_n
FROM (
    SELECT
        calendar.week,
        calendar.seen_at,
        calendar.day,
        coalesce(orders.order_id, orders.orderline_id) AS order_id,
        MIN(orders.buyer_country) AS country,
        MIN(orders.seller) AS seller,
        MAX(CASE WHEN orders.backship_eligible THEN 1 ELSE 0 END) AS is_eligible,
        MAX(CASE WHEN labels.label_created_at <= calendar.seen_at THEN 1 ELSE 0 END) AS has_label
    FROM orders
    JOIN calendar ON calendar.day = CAST(orders.paid_at AS DATE)
    LEFT JOIN shipments AS labels
        ON labels.order_id = orders.order_id
        AND labels.flow = 'outbound'
        AND labels.label_source = 'backship'
        AND calendar.seen_at >= labels.known_at
        AND calendar.seen_at < labels.replaced_at
    WHERE calendar.seen_at >= orders.known_at
        AND calendar.seen_at < orders.replaced_at
        AND orders.paid_at BETWEEN calendar.day AND calendar.seen_at
    GROUP BY calendar.week, calendar.seen_at, calendar.day, coalesce(orders.order_id, orders.orderline_id)
) AS sold
LEFT JOIN (
    SELECT
        sellers.seller,
        sellers.size_band,
        sellers.backship_status,
        sellers.valid_from,
        looks.seen_at,
        lead(sellers.valid_from) OVER (PARTITION BY sellers.seller, looks.seen_at ORDER BY sellers.valid_from)
            AS next_from
    FROM sellers
    JOIN (SELECT DISTINCT seen_at FROM calendar) AS looks
        ON looks.seen_at >= sellers.known_at AND looks.seen_at < sellers.replaced_at
) AS standing
    ON standing.seller = sold.seller
    AND standing.seen_at = sold.seen_at
    AND standing.valid_from <= sold.day
    AND (standing.next_from > sold.day OR standing.next_from IS NULL)
