-- One row a seller that used BackShip in the four weeks before the last four, as a week ended: did it lapse?
-- Used: at least one outbound BackShip label. Lapsed: none in the last four weeks. Days 28 to 55 and 0 to 27
-- before the Sunday on which the week ended.
SELECT
    used.week,
    used.seen_at,
    used.seller,
    bands.country AS seller_country,
    bands.size_band,
    1 AS users_n,
    1 - used.is_used_now AS lapsed_n
FROM (
    SELECT
        calendar.week,
        calendar.seen_at,
        labels.seller,
        MAX(CASE WHEN labels.day <= calendar.day - 28 THEN 1 ELSE 0 END) AS is_used_before,
        MAX(CASE WHEN labels.day > calendar.day - 28 THEN 1 ELSE 0 END) AS is_used_now
    FROM (
        -- A seller's first label of a day says enough.
        SELECT
            seller,
            CAST(label_created_at AS DATE) AS day,
            replaced_at,
            MIN(greatest(known_at, label_created_at)) AS known_at
        FROM shipments
        WHERE flow = 'outbound' AND label_source = 'backship'
        GROUP BY seller, CAST(label_created_at AS DATE), replaced_at
    ) AS labels
    JOIN (SELECT week, seen_at, MAX(day) AS day FROM calendar GROUP BY week, seen_at) AS calendar
        ON labels.day BETWEEN calendar.day - 55 AND calendar.day
    WHERE calendar.seen_at >= labels.known_at
        AND calendar.seen_at < labels.replaced_at
        AND calendar.day < CAST(calendar.seen_at AS DATE)
    GROUP BY calendar.week, calendar.seen_at, labels.seller
) AS used
LEFT JOIN (
    SELECT
        sellers.seller,
        sellers.country,
        sellers.size_band,
        looks.seen_at,
        row_number() OVER (PARTITION BY sellers.seller, looks.seen_at ORDER BY sellers.valid_from DESC)
            AS place
    FROM sellers
    JOIN (SELECT DISTINCT seen_at FROM calendar) AS looks
        ON looks.seen_at >= sellers.known_at AND looks.seen_at < sellers.replaced_at
    WHERE sellers.valid_from <= CAST(looks.seen_at AS DATE)
) AS bands
    ON bands.seller = used.seller AND bands.seen_at = used.seen_at AND bands.place = 1
WHERE used.is_used_before = 1
