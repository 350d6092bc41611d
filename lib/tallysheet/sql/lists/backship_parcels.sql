-- One row a seller, lane, service, weight band, month of the first scan and kind of label, of eligible orders of
-- the 28 months up to the opened week: how many parcels, and what became of them?
-- Eligible: BackShip was open to the order on its day. Each outcome counts parcels that are old enough: due those
-- promised at least 5 days ago, whole (for losses) those whose days until they count as lost are over.
-- Accepting comes before any label, so that no label changes it.
SELECT
    parcels.seller,
    parcels.lane,
    parcels.service,
    parcels.weight_band,
    parcels.month,
    parcels.is_backship,
    count(*) AS parcels_n,
    CAST(sum(parcels.due_n) AS BIGINT) AS due_n,
    CAST(sum(parcels.due_n * parcels.on_time) AS BIGINT) AS on_time_n,
    CAST(sum(parcels.whole_n) AS BIGINT) AS whole_n,
    CAST(sum(parcels.whole_n * parcels.lost) AS BIGINT) AS lost_n,
    count(parcels.accept_minutes) AS accepted_n,
    CAST(coalesce(sum(parcels.accept_minutes), 0) AS BIGINT) AS accept_minutes
FROM (
    SELECT
        shipments.seller,
        shipments.origin_country || '-' || shipments.destination_country AS lane,
        coalesce(shipments.service, '') AS service,
        CASE
            WHEN shipments.weight_declared_g <= 1000 THEN '1 kg'
            WHEN shipments.weight_declared_g <= 2000 THEN '2 kg'
            WHEN shipments.weight_declared_g <= 5000 THEN '5 kg'
            ELSE 'above'
        END AS weight_band,
        strftime(shipments.first_scan_at, '%Y-%m') AS month,
        shipments.label_source = 'backship' AS is_backship,
        date_diff('minute', sold.paid_at, sold.accepted_at) AS accept_minutes,
        CASE WHEN shipments.promised_date < look.seen_on - 5 THEN 1 ELSE 0 END AS due_n,
        CASE
            WHEN coalesce(
                CASE
                    WHEN rules.attempt_counts
                        AND (rules.pickup_point_counts OR coalesce(shipments.service, '') <> 'pudo')
                        THEN shipments.first_attempt_at
                END,
                shipments.delivered_at
            ) <= shipments.promised_at THEN 1
            ELSE 0
        END AS on_time,
        CASE WHEN shipments.promised_date + rules.lost_after_days < look.seen_on THEN 1 ELSE 0 END AS whole_n,
        CASE
            WHEN CAST(coalesce(shipments.first_attempt_at, shipments.delivered_at) AS DATE)
                < shipments.promised_date + rules.lost_after_days THEN 0
            ELSE 1
        END AS lost
    FROM shipments
    JOIN (
        SELECT order_id, min(paid_at) AS paid_at, min(accepted_at) AS accepted_at
        FROM orders
        WHERE backship_eligible
        GROUP BY order_id
    ) AS sold ON sold.order_id = shipments.order_id
    CROSS JOIN look
    CROSS JOIN rules
    WHERE shipments.flow = 'outbound'
        AND shipments.seller IS NOT NULL
        AND shipments.label_source IS NOT NULL
        AND CAST(shipments.first_scan_at AS DATE) BETWEEN look.last_day - 852 AND look.last_day
) AS parcels
GROUP BY ALL
ORDER BY ALL
