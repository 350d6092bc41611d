-- One row a seller, lane, service, weight band, month of the first scan and kind of label, as backship_parcels has
-- them: of parcels that were lost or damaged, how many were claimed, how many claims were won, what was paid?
-- Lost and damaged as in sql/lists/claimable.sql. Claimed counts what happened at least 45 days ago; won (accepted,
-- wholly or in part, of all that happened, claimed or not) and paid (euro cents at the year's rates) at least 100.
SELECT
    events.seller,
    events.lane,
    events.service,
    events.weight_band,
    events.month,
    events.is_backship,
    count(*) AS events_n,
    CAST(sum(events.claimed) AS BIGINT) AS claimed_n,
    CAST(sum(events.old_n) AS BIGINT) AS old_n,
    CAST(sum(events.old_n * events.won) AS BIGINT) AS won_n,
    CAST(sum(events.old_n * events.paid_cents) AS BIGINT) AS paid_cents
FROM (
    SELECT
        parcels.*,
        CASE WHEN filed.shipment_id IS NULL THEN 0 ELSE 1 END AS claimed,
        CASE WHEN parcels.happened_on <= parcels.seen_on - 100 THEN 1 ELSE 0 END AS old_n,
        coalesce(filed.won, 0) AS won,
        coalesce(filed.paid_cents, 0) AS paid_cents
    FROM (
        SELECT
            all_parcels.*,
            CASE WHEN is_lost THEN promised_date ELSE CAST(delivered_at AS DATE) END AS happened_on
        FROM (
            SELECT
                shipments.shipment_id,
                shipments.order_id,
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
                shipments.promised_date,
                shipments.delivered_at,
                look.seen_on,
                coalesce(
                    CAST(coalesce(first_attempt_at, delivered_at) AS DATE)
                        >= promised_date + rules.lost_after_days,
                    promised_date + rules.lost_after_days <= look.seen_on
                ) AS is_lost
            FROM shipments
            JOIN (SELECT DISTINCT order_id FROM orders WHERE backship_eligible) AS sold
                ON sold.order_id = shipments.order_id
            CROSS JOIN rules
            CROSS JOIN look
            WHERE shipments.flow = 'outbound'
                AND shipments.seller IS NOT NULL
                AND shipments.label_source IS NOT NULL
                AND CAST(shipments.first_scan_at AS DATE) BETWEEN look.last_day - 852 AND look.last_day
        ) AS all_parcels
        LEFT JOIN (
            SELECT order_id, max(opened_at) AS told_at
            FROM care_contacts
            WHERE contact_reason = 'damaged'
            GROUP BY order_id
        ) AS told ON told.order_id = all_parcels.order_id AND told.told_at >= all_parcels.delivered_at
        WHERE is_lost OR (delivered_at IS NOT NULL AND told.order_id IS NOT NULL)
    ) AS parcels
    LEFT JOIN (
        SELECT
            shipment_id,
            max(CASE WHEN decision IN ('accepted', 'partial') THEN 1 ELSE 0 END) AS won,
            CAST(
                sum(CASE WHEN decided_at IS NULL THEN 0 ELSE coalesce(amount_paid_cents, 0) END
                    / coalesce(euro_rate, 1)) AS BIGINT
            ) AS paid_cents
        FROM claims
        LEFT JOIN euro_rates ON euro_rates.currency = claims.currency
        GROUP BY shipment_id
    ) AS filed ON filed.shipment_id = parcels.shipment_id
    WHERE parcels.happened_on <= parcels.seen_on - 45
) AS events
GROUP BY ALL
ORDER BY ALL
