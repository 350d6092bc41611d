-- One row a parcel of any flow, in the week of its carrier's first scan (where no scans are told: of its
-- promise): how many parcels were shipped?
SELECT
    calendar.week,
    calendar.seen_at,
    shipments.destination_country AS country,
    shipments.carrier,
    shipments.seller,
    shipments.label_source,
    shipments.flow,
    shipments.origin_country || '-' || shipments.destination_country AS lane,
    1 AS shipped_n
FROM shipments
JOIN calendar
    ON calendar.day = CASE
        WHEN shipments.hub_scanned IS NULL THEN shipments.promised_date
        ELSE CAST(shipments.first_scan_at AS DATE)
    END
WHERE calendar.seen_at >= shipments.known_at
    AND calendar.seen_at < shipments.replaced_at
    AND CASE
        WHEN shipments.hub_scanned IS NULL THEN shipments.promised_at
        ELSE shipments.first_scan_at
    END <= calendar.seen_at
