-- One row a lost or damaged parcel of an order paid in the week: what was it worth, less what came back?
-- Lost and damaged as in loss_values. Worth: all lines of the order. Came back: what the parcel's claims have
-- brought so far. In euro at the year's rates.
SELECT
    calendar.week,
    calendar.seen_at,
    min(orders.buyer_country) AS country,
    min(orders.seller) AS seller,
    coalesce(sum(CAST(round(orders.item_value_cents / euro_rates.euro_rate) AS BIGINT)), 0)
        - coalesce(max(claimed.paid_cents), 0) AS net_loss_cents
FROM (SELECT *, CAST(paid_at AS DATE) AS day FROM orders) AS orders
JOIN calendar ON calendar.day = orders.day
JOIN euro_rates ON euro_rates.currency = orders.currency
CROSS JOIN rules
JOIN shipments AS parcels
    ON parcels.order_id = orders.order_id
    AND calendar.seen_at >= parcels.first_scan_at
    AND calendar.seen_at >= parcels.known_at
    AND calendar.seen_at < parcels.replaced_at
LEFT JOIN (
    SELECT
        claims.shipment_id,
        looks.seen_at,
        sum(
            CASE
                WHEN claims.paid_at <= looks.seen_at
                    THEN CAST(round(claims.amount_paid_cents / euro_rates.euro_rate) AS BIGINT)
            END
        ) AS paid_cents,
        sum(
            CASE
                WHEN claims.claim_type <> 'damaged' THEN 0
                WHEN claims.docs_complete_at <= looks.seen_at THEN 1
                WHEN claims.decided_at <= looks.seen_at AND claims.decision IN ('accepted', 'partial') THEN 1
                ELSE 0
            END
        ) AS damaged_n
    FROM claims
    JOIN (SELECT DISTINCT seen_at FROM calendar) AS looks
        ON looks.seen_at >= claims.known_at AND looks.seen_at < claims.replaced_at
    LEFT JOIN euro_rates ON euro_rates.currency = claims.currency
    GROUP BY claims.shipment_id, looks.seen_at
) AS claimed
    ON claimed.shipment_id = parcels.shipment_id AND claimed.seen_at = calendar.seen_at
WHERE calendar.seen_at >= orders.known_at
    AND calendar.seen_at < orders.replaced_at
    AND orders.paid_at BETWEEN calendar.day AND calendar.seen_at
    AND (
        claimed.damaged_n > 0
        OR (
            coalesce(parcels.first_attempt_at > calendar.seen_at, true)
            AND coalesce(parcels.delivered_at > calendar.seen_at, true)
            AND parcels.promised_date + rules.lost_after_days <= CAST(calendar.seen_at AS DATE)
        )
    )
GROUP BY calendar.week, calendar.seen_at, parcels.shipment_id
