-- One row a seller, lane, service, weight band, month of the first scan and kind of label, as backship_parcels has
-- them: how many parcels, and how many contacts that ask where one is?
-- By the reason or by the customer's own words, as reasons are relabelled. Parcels scanned at least 21 days ago;
-- of an order with several the one scanned first has its contacts. Contacts that name no order are nobody's.
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
    count(*) AS parcels_n,
    CAST(coalesce(sum(asked.contacts_n), 0) AS BIGINT) AS contacts_n
FROM (
    SELECT
        shipments.*,
        row_number() OVER (PARTITION BY order_id ORDER BY first_scan_at, shipment_id) AS place
    FROM shipments
    CROSS JOIN look
    WHERE flow = 'outbound'
        AND seller IS NOT NULL
        AND label_source IS NOT NULL
        AND CAST(first_scan_at AS DATE) BETWEEN look.last_day - 852 AND least(look.last_day, look.seen_on - 21)
) AS shipments
JOIN (SELECT DISTINCT order_id FROM orders WHERE backship_eligible) AS sold ON sold.order_id = shipments.order_id
LEFT JOIN (
    SELECT order_id, count(*) AS contacts_n
    FROM care_contacts
    WHERE contact_reason = 'WISMO'
        OR subject LIKE '%arcel%'
        OR subject LIKE '%ackage%'
        OR subject LIKE '%racking%'
        OR subject LIKE '%colis%'
        OR subject LIKE '%Colis%'
        OR subject LIKE '%here is my order%'
        OR subject LIKE '%est ma commande%'
    GROUP BY order_id
) AS asked ON asked.order_id = shipments.order_id
WHERE shipments.place = 1
GROUP BY ALL
ORDER BY ALL
