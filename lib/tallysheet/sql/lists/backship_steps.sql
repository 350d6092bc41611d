-- One row a seller: where is it on its way to BackShip, and when did it take each step?
-- Steps that the team keeps: eligible, invited (and by what), terms accepted (the table calls it activated). Steps
-- that parcels show: the first label, the first one that a carrier scanned, the tenth, the latest. Each is the day of
-- its first time. Outbound labels alone; replaced ones that never moved count as labels, not as scanned.
SELECT
    steps.seller,
    steps.country,
    steps.size_band,
    steps.backship_status,
    steps.eligible_on,
    steps.invited_on,
    steps.invited_by,
    steps.accepted_on,
    steps.paused_on,
    labels.first_label_on,
    labels.first_scan_on,
    labels.tenth_label_on,
    labels.last_label_on,
    coalesce(labels.labels_n, 0) AS labels_n
FROM (
    SELECT
        seller,
        max_by(country, valid_from) AS country,
        max_by(size_band, valid_from) AS size_band,
        max_by(backship_status, valid_from) AS backship_status,
        min(CASE WHEN backship_status <> 'not_eligible' THEN valid_from END) AS eligible_on,
        min(CASE WHEN backship_status = 'invited' THEN valid_from END) AS invited_on,
        max(invited_by) AS invited_by,
        min(CASE WHEN backship_status = 'activated' THEN valid_from END) AS accepted_on,
        max(CASE WHEN backship_status = 'paused' THEN valid_from END) AS paused_on
    FROM sellers
    CROSS JOIN look
    WHERE valid_from <= look.seen_on
    GROUP BY seller
) AS steps
LEFT JOIN (
    SELECT
        seller,
        CAST(count(*) AS BIGINT) AS labels_n,
        min(day) AS first_label_on,
        min(CASE WHEN is_scanned THEN day END) AS first_scan_on,
        min(CASE WHEN place = 10 THEN day END) AS tenth_label_on,
        max(day) AS last_label_on
    FROM (
        SELECT
            seller,
            CAST(label_created_at AS DATE) AS day,
            first_scan_at IS NOT NULL AS is_scanned,
            row_number() OVER (PARTITION BY seller ORDER BY label_created_at, shipment_id) AS place
        FROM shipments
        CROSS JOIN look
        WHERE flow = 'outbound' AND label_source = 'backship' AND label_created_at <= look.seen_at
    ) AS made
    GROUP BY seller
) AS labels ON labels.seller = steps.seller
ORDER BY steps.seller
