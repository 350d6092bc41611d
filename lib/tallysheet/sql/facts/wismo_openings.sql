-- One row a contact that asks where a parcel is, in the week in which it was opened: could it be avoided?
-- Avoidable: the promise had not run out, and the carrier had scanned the parcel, so that tracking could have
-- answered. Its parcel: of those of its order the one scanned last before the contact. A contact that names
-- no order is left out, as its parcel is not known.
SELECT
    week,
    seen_at,
    country,
    carrier,
    seller,
    channel,
    handled_by,
    1 AS wismo_n,
    CASE WHEN opened_at <= promised_at THEN 1 ELSE 0 END AS avoidable_n
FROM (
    SELECT
        calendar.week,
        calendar.seen_at,
        care_contacts.opened_at,
        care_contacts.channel,
        care_contacts.handled_by,
        care_contacts.seller,
        parcels.promised_at,
        parcels.carrier,
        parcels.destination_country AS country,
        row_number() OVER (
            PARTITION BY calendar.seen_at, care_contacts.contact_id
            ORDER BY coalesce(parcels.first_scan_at, TIMESTAMP '1990-01-01') DESC, parcels.shipment_id DESC
        ) AS place
    FROM care_contacts
    JOIN calendar ON calendar.day = CAST(care_contacts.opened_at AS DATE)
    LEFT JOIN shipments AS parcels
        ON parcels.order_id = care_contacts.order_id
        AND parcels.first_scan_at <= care_contacts.opened_at
        AND calendar.seen_at >= parcels.known_at
        AND calendar.seen_at < parcels.replaced_at
    WHERE care_contacts.contact_reason = 'WISMO'
        AND care_contacts.order_id IS NOT NULL
        AND calendar.seen_at >= care_contacts.known_at
        AND calendar.seen_at < care_contacts.replaced_at
        AND care_contacts.opened_at <= calendar.seen_at
) AS asking
WHERE place = 1
