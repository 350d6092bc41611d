-- One row a seller, lane, service, weight band, month of the first scan and kind of label, as backship_parcels has
-- them: how many parcels were delivered, and of how many was a return asked for because of a fault of the item?
-- A fault of the item: the reasons defect, battery, screen and not_as_described, which no label can change. Of
-- parcels delivered at least rules.return_days ago.
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
    count(*) AS delivered_n,
    CAST(sum(CASE WHEN faulty.order_id IS NULL THEN 0 ELSE 1 END) AS BIGINT) AS faulty_n
FROM shipments
JOIN (SELECT DISTINCT order_id FROM orders WHERE backship_eligible) AS sold ON sold.order_id = shipments.order_id
CROSS JOIN look
CROSS JOIN rules
LEFT JOIN (
    SELECT order_id, min(requested_at) AS requested_at
    FROM reverse_cases
    WHERE case_type = 'return' AND case_reason IN ('defect', 'battery', 'screen', 'not_as_described')
    GROUP BY order_id
) AS faulty
    ON faulty.order_id = shipments.order_id
    AND faulty.requested_at >= shipments.delivered_at
    AND CAST(faulty.requested_at AS DATE) <= CAST(shipments.delivered_at AS DATE) + rules.return_days
WHERE shipments.flow = 'outbound'
    AND shipments.seller IS NOT NULL
    AND shipments.label_source IS NOT NULL
    AND CAST(shipments.delivered_at AS DATE) <= look.seen_on - rules.return_days
    AND CAST(shipments.first_scan_at AS DATE) BETWEEN look.last_day - 852 AND look.last_day
GROUP BY ALL
ORDER BY ALL
