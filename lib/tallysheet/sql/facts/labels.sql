-- One row an outbound label, in the week in which it was made: was it never scanned?
-- A label counts once the days for its first scan are over; scanned later is unused.
SELECT
    calendar.week,
    calendar.seen_at,
    shipments.label_source,
    shipments.carrier,
    shipments.destination_country AS country,
    shipments.service,
    shipments.seller,
    1 AS labels_n,
    CASE
        WHEN CAST(shipments.first_scan_at AS DATE) <= calendar.day + rules.unused_label_days THEN 0
        ELSE 1
    END AS unused_n
FROM shipments
JOIN calendar ON calendar.day = CAST(shipments.label_created_at AS DATE)
CROSS JOIN rules
WHERE shipments.flow = 'outbound'
    AND calendar.seen_at >= shipments.known_at
    AND calendar.seen_at < shipments.replaced_at
    AND calendar.day + rules.unused_label_days < CAST(calendar.seen_at AS DATE)
