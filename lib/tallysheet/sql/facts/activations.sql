-- One row a seller that was activated for BackShip, in the week of its day: does it still use it weeks later?
-- Activated: the first day on which the sellers' table says so. Used: a BackShip label in the 4th (12th) week
-- from then on, days 21 to 27 (77 to 83). A seller counts once that week is over.
SELECT
    week,
    seen_at,
    seller_country,
    size_band,
    CASE WHEN day + 27 < CAST(seen_at AS DATE) THEN 1 ELSE 0 END AS due_w4_n,
    CASE WHEN day + 27 < CAST(seen_at AS DATE) THEN used_4 ELSE 0 END AS used_w4_n,
    CASE WHEN day + 83 < CAST(seen_at AS DATE) THEN 1 ELSE 0 END AS due_w12_n,
    CASE WHEN day + 83 < CAST(seen_at AS DATE) THEN used_12 ELSE 0 END AS used_w12_n
FROM (
    SELECT
        calendar.week,
        calendar.seen_at,
        calendar.day,
        MIN(steps.country) AS seller_country,
        MIN(steps.size_band) AS size_band,
        MAX(CASE WHEN labels.day BETWEEN calendar.day + 21 AND calendar.day + 27 THEN 1 ELSE 0 END) AS used_4,
        MAX(CASE WHEN labels.day BETWEEN calendar.day + 77 AND calendar.day + 83 THEN 1 ELSE 0 END) AS used_12
    FROM (
        SELECT
            sellers.*,
            looks.seen_at,
            row_number() OVER (PARTITION BY sellers.seller, looks.seen_at ORDER BY sellers.valid_from)
                AS place
        FROM sellers
        JOIN (SELECT DISTINCT seen_at FROM calendar) AS looks
            ON looks.seen_at >= sellers.known_at AND looks.seen_at < sellers.replaced_at
        WHERE sellers.backship_status = 'activated'
    ) AS steps
    JOIN calendar ON calendar.day = steps.valid_from AND calendar.seen_at = steps.seen_at
    LEFT JOIN (SELECT *, CAST(label_created_at AS DATE) AS day FROM shipments) AS labels
        ON labels.seller = steps.seller
        AND labels.flow = 'outbound'
        AND labels.label_source = 'backship'
        AND labels.day BETWEEN calendar.day + 21 AND calendar.day + 83
        AND calendar.seen_at >= labels.known_at
        AND calendar.seen_at < labels.replaced_at
    WHERE steps.place = 1
    GROUP BY calendar.week, calendar.seen_at, calendar.day, steps.seller
) AS activated
