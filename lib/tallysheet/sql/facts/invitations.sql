-- One row an invitation of a seller to BackShip, in the week of its day: did a BackShip label follow in time?
-- An invitation is the first day on which the sellers' table says invited. Labels are those of parcels,
-- whatever that table says of them. Settled: there is a label, or the days for it are over.
SELECT
    week,
    seen_at,
    seller_country,
    size_band,
    1 AS invited_n,
    has_label AS activated_n,
    CASE WHEN has_label = 1 OR last_day < CAST(seen_at AS DATE) THEN 1 ELSE 0 END AS settled_n
FROM (
    SELECT
        calendar.week,
        calendar.seen_at,
        MIN(steps.country) AS seller_country,
        MIN(steps.size_band) AS size_band,
        MIN(calendar.day + rules.activation_days) AS last_day,
        MAX(CASE WHEN labels.shipment_id IS NULL THEN 0 ELSE 1 END) AS has_label
    FROM (
        SELECT
            sellers.*,
            looks.seen_at,
            lag(sellers.backship_status) OVER (
                PARTITION BY sellers.seller, looks.seen_at ORDER BY sellers.valid_from
            ) AS status_before
        FROM sellers
        JOIN (SELECT DISTINCT seen_at FROM calendar) AS looks
            ON looks.seen_at >= sellers.known_at AND looks.seen_at < sellers.replaced_at
    ) AS steps
    JOIN calendar ON calendar.day = steps.valid_from AND calendar.seen_at = steps.seen_at
    CROSS JOIN rules
    LEFT JOIN shipments AS labels
        ON labels.seller = steps.seller
        AND labels.flow = 'outbound'
        AND labels.label_source = 'backship'
        AND CAST(labels.label_created_at AS DATE) >= calendar.day
        AND CAST(labels.label_created_at AS DATE) <= calendar.day + rules.activation_days
        AND labels.label_created_at <= calendar.seen_at
        AND calendar.seen_at >= labels.known_at
        AND calendar.seen_at < labels.replaced_at
    WHERE steps.backship_status = 'invited'
        AND coalesce(steps.status_before, '') <> 'invited'
        AND calendar.day <= CAST(calendar.seen_at AS DATE)
    GROUP BY calendar.week, calendar.seen_at, calendar.day, steps.seller
) AS invited
