-- One row a contact that asks where a parcel is, in the week of the parcel's first scan.
-- Its parcel: of those of its order the one scanned last before the contact. A contact that names no order
-- counts in the week in which it was opened; one whose parcel is not known counts nowhere, as its parcel.
-- By the reason that Customer Care chose (wismo), and by the customer's own words (asks_where).
SELECT
    calendar.week,
    calendar.seen_at,
    parcels.destination_country AS country,
    parcels.carrier,
    coalesce(parcels.seller, asking.seller) AS seller,
    parcels.label_source,
    asking.wismo_n,
    asking.asks_where_n
FROM (
    SELECT
        *,
        CASE WHEN contact_reason = 'WISMO' THEN 1 ELSE 0 END AS wismo_n,
        CASE
            WHEN subject LIKE '%arcel%' OR subject LIKE '%ackage%' THEN 1
            WHEN subject LIKE '%racking%' OR subject LIKE '%colis%' OR subject LIKE '%Colis%' THEN 1
            WHEN subject LIKE '%here is my order%' OR subject LIKE '%est ma commande%' THEN 1
            ELSE 0
        END AS asks_where_n
    FROM care_contacts
) AS asking
LEFT JOIN shipments AS parcels
    ON parcels.order_id = asking.order_id AND parcels.first_scan_at <= asking.opened_at
JOIN calendar
    ON calendar.day = CASE
        WHEN asking.order_id IS NULL THEN CAST(asking.opened_at AS DATE)
        ELSE CAST(parcels.first_scan_at AS DATE)
    END
LEFT JOIN shipments AS later
    ON later.order_id = asking.order_id
    AND later.first_scan_at <= asking.opened_at
    AND (
        later.first_scan_at > parcels.first_scan_at
        OR (later.first_scan_at = parcels.first_scan_at AND later.shipment_id > parcels.shipment_id)
    )
    AND calendar.seen_at >= later.known_at
    AND calendar.seen_at < later.replaced_at
WHERE asking.wismo_n + asking.asks_where_n > 0
    AND calendar.seen_at >= asking.known_at
    AND calendar.seen_at < asking.replaced_at
    AND asking.opened_at <= calendar.seen_at
    AND (
        asking.order_id IS NULL
        OR (calendar.seen_at >= parcels.known_at AND calendar.seen_at < parcels.replaced_at)
    )
    AND later.shipment_id IS NULL
