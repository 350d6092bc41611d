-- One row an outbound parcel due, in the week of its promise: is it on time, by who bought the label?
-- Due and on time as on-time delivery counts them; parcels that no carrier scanned are left out. Alike
-- (stratum): one lane, one service and sellers of one size.
SELECT
    calendar.week,
    calendar.seen_at,
    parcels.origin_country || '-' || parcels.destination_country AS lane,
    parcels.carrier,
    parcels.service,
    parcels.origin_country || '-' || parcels.destination_country || ', '
        || coalesce(parcels.service, '') || ', ' || coalesce(bands.size_band, '') AS stratum,
    parcels.backship AS backship_due_n,
    parcels.own AS own_due_n,
    CASE WHEN parcels.ended_at <= parcels.promised_at THEN parcels.backship ELSE 0 END AS backship_on_time_n,
    CASE WHEN parcels.ended_at <= parcels.promised_at THEN parcels.own ELSE 0 END AS own_on_time_n
FROM (
    SELECT
        *,
        CASE label_source WHEN 'backship' THEN 1 ELSE 0 END AS backship,
        CASE label_source WHEN 'seller_own' THEN 1 ELSE 0 END AS own,
        CASE
            WHEN attempt_counts AND (pickup_point_counts OR coalesce(service, '') <> 'pudo')
                THEN coalesce(first_attempt_at, delivered_at)
            ELSE delivered_at
        END AS ended_at
    FROM shipments
    CROSS JOIN rules
    WHERE flow = 'outbound'
) AS parcels
JOIN calendar ON calendar.day = parcels.promised_date
LEFT JOIN (
    SELECT
        sellers.seller,
        sellers.size_band,
        looks.seen_at,
        row_number() OVER (PARTITION BY sellers.seller, looks.seen_at ORDER BY sellers.valid_from DESC)
            AS place
    FROM sellers
    JOIN (SELECT DISTINCT seen_at FROM calendar) AS looks
        ON looks.seen_at >= sellers.known_at AND looks.seen_at < sellers.replaced_at
    WHERE sellers.valid_from <= CAST(looks.seen_at AS DATE)
) AS bands
    ON bands.seller = parcels.seller AND bands.seen_at = calendar.seen_at AND bands.place = 1
WHERE calendar.seen_at >= parcels.known_at
    AND calendar.seen_at < parcels.replaced_at
    AND parcels.promised_at <= calendar.seen_at
    AND parcels.first_scan_at <= calendar.seen_at
