-- One row a seller and week of its orders, of the 28 months up to the opened week: how many eligible orders were
-- paid, how many were sent with BackShip, and of these how many reached the carrier after the ship-by day?
-- Of an order with several labels a scanned one counts; late: more than rules.ship_by_workdays working days of the
-- seller's country after acceptance, as sql/facts/handovers.sql counts.
SELECT
    sold.seller,
    calendar.week,
    count(*) AS eligible_n,
    CAST(sum(CASE WHEN sent.order_id IS NULL THEN 0 ELSE 1 END) AS BIGINT) AS backship_n,
    CAST(sum(
        CASE
            WHEN scanned.number > accepted.number + CASE WHEN accepted.is_workday THEN 0 ELSE 1 END
                + rules.ship_by_workdays THEN 1
            ELSE 0
        END
    ) AS BIGINT) AS late_n
FROM (
    SELECT
        order_id,
        min(seller) AS seller,
        min(CAST(paid_at AS DATE)) AS paid_on,
        min(CAST(accepted_at AS DATE)) AS accepted_on
    FROM orders
    CROSS JOIN look
    WHERE backship_eligible
        AND seller IS NOT NULL
        AND CAST(paid_at AS DATE) BETWEEN look.last_day - 852 AND look.last_day
    GROUP BY order_id
) AS sold
JOIN calendar ON calendar.day = sold.paid_on
CROSS JOIN rules
LEFT JOIN (
    SELECT order_id, min(origin_country) AS country, CAST(min(first_scan_at) AS DATE) AS scanned_on
    FROM shipments
    WHERE flow = 'outbound' AND label_source = 'backship' AND order_id IS NOT NULL
    GROUP BY order_id
) AS sent ON sent.order_id = sold.order_id
LEFT JOIN workdays AS accepted ON accepted.country = sent.country AND accepted.day = sold.accepted_on
LEFT JOIN workdays AS scanned ON scanned.country = sent.country AND scanned.day = sent.scanned_on
GROUP BY sold.seller, calendar.week
ORDER BY sold.seller, calendar.week
