-- One row a parcel of any flow, in the week of its carrier's first scan: how many parcels were shipped?
-- Cut only by what is known of a contact too (see wismo).
SELECT
    calendar.week,
    calendar.seen_at,
    shipments.destination_country AS country,
    shipments.carrier,
    shipments.seller,
    shipments.label_source,
    1 AS shipped_n
FROM shipments
JOIN calendar ON calendar.day = CAST(shipments.first_scan_at AS DATE)
WHERE calendar.seen_at >= shipments.known_at
    AND calendar.seen_at < shipments.replaced_at
    AND shipments.first_scan_at BETWEEN calendar.day AND calendar.seen_at
