-- One row an outbound parcel due (as in shipments): on time, undamaged, nothing missing, the right item?
-- Not perfect: late by the rule of shipments; or a claim for damage or a missing item names it, whatever
-- comes of the claim; or its order comes back as a wrong item or not as described. Seen: it was scanned.
SELECT
    calendar.week,
    calendar.seen_at,
    shipments.seller,
    shipments.carrier,
    shipments.destination_country,
    shipments.service,
    shipments.partner,
    shipments.label_source,
    shipments.origin_country || '-' || shipments.destination_country AS lane,
    1 AS due_n,
    CASE
        WHEN claimed.shipment_id IS NOT NULL OR unwanted.order_id IS NOT NULL THEN 0
        WHEN CASE
            WHEN rules.attempt_counts
                AND (rules.pickup_point_counts OR coalesce(shipments.service, '') <> 'pudo')
                THEN coalesce(shipments.first_attempt_at, shipments.delivered_at)
            ELSE shipments.delivered_at
        END <= shipments.promised_at THEN 1
        ELSE 0
    END AS perfect_n,
    CASE WHEN shipments.first_scan_at <= calendar.seen_at THEN 1 ELSE 0 END AS seen_n
FROM shipments
JOIN calendar ON calendar.day = shipments.promised_date
CROSS JOIN rules
LEFT JOIN (
    SELECT claims.shipment_id, looks.seen_at
    FROM claims
    JOIN (SELECT seen_at FROM calendar GROUP BY seen_at) AS looks ON looks.seen_at >= claims.known_at
        AND looks.seen_at < claims.replaced_at
    WHERE claims.claim_type IN ('damaged', 'missing_item') AND claims.opened_at <= looks.seen_at
    GROUP BY claims.shipment_id, looks.seen_at
) AS claimed ON claimed.shipment_id = shipments.shipment_id AND claimed.seen_at = calendar.seen_at
LEFT JOIN (
    SELECT reverse_cases.order_id, looks.seen_at
    FROM reverse_cases
    JOIN (SELECT seen_at FROM calendar GROUP BY seen_at) AS looks ON looks.seen_at >= reverse_cases.known_at
        AND looks.seen_at < reverse_cases.replaced_at
    WHERE reverse_cases.case_type = 'return'
        AND reverse_cases.case_reason IN ('wrong_item', 'not_as_described')
        AND reverse_cases.requested_at <= looks.seen_at
    GROUP BY reverse_cases.order_id, looks.seen_at
) AS unwanted ON unwanted.order_id = shipments.order_id AND unwanted.seen_at = calendar.seen_at
WHERE calendar.seen_at >= shipments.known_at
    AND calendar.seen_at < shipments.replaced_at
    AND shipments.flow = 'outbound'
    AND shipments.promised_at <= calendar.seen_at
    AND (
        shipments.handover_declared_at <= calendar.seen_at
        OR shipments.first_scan_at <= calendar.seen_at
        OR shipments.first_attempt_at <= calendar.seen_at
        OR shipments.delivered_at <= calendar.seen_at
    )
