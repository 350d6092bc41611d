-- One row a lost or damaged parcel, in the week of its first scan: what was it worth, and what came back?
-- Lost: neither attempted nor delivered, and its promise is rules.lost_after_days old. Damaged: a claim says
-- so that was accepted or is documented; damage that nobody claims is not known. Worth: all lines of its
-- order, or the offer for a trade-in. Paid: what its claims have brought so far. In euro at the year's rates.
-- A parcel of which one of these amounts is not known counts in losses_n alone, not in valued_n.
SELECT
    week,
    seen_at,
    event,
    carrier,
    lane,
    destination_country,
    flow,
    service,
    label_source,
    category,
    1 AS losses_n,
    CASE WHEN value_cents IS NULL OR paid_cents IS NULL THEN 0 ELSE 1 END AS valued_n,
    CASE WHEN paid_cents IS NULL THEN 0 ELSE coalesce(value_cents, 0) END AS value_cents,
    CASE WHEN value_cents IS NULL THEN 0 ELSE coalesce(paid_cents, 0) END AS paid_cents,
    coalesce(value_cents - paid_cents, 0) AS net_loss_cents
FROM (
    SELECT
        calendar.week,
        calendar.seen_at,
        CASE WHEN max(claimed.damaged_n) > 0 THEN 'damaged' ELSE 'lost' END AS event,
        min(shipments.carrier) AS carrier,
        min(shipments.origin_country || '-' || shipments.destination_country) AS lane,
        min(shipments.destination_country) AS destination_country,
        min(shipments.flow) AS flow,
        min(shipments.service) AS service,
        min(shipments.label_source) AS label_source,
        min(orders.category) AS category,
        coalesce(
            CASE WHEN count(orders.cents) = count(orders.order_id) THEN sum(orders.cents) END, max(cases.cents)
        ) AS value_cents,
        CASE WHEN max(claimed.unknown_n) > 0 THEN NULL ELSE coalesce(max(claimed.paid_cents), 0) END AS paid_cents
    FROM calendar
    CROSS JOIN rules
    JOIN shipments
        ON calendar.day = CAST(shipments.first_scan_at AS DATE)
        AND shipments.first_scan_at BETWEEN calendar.day AND calendar.seen_at
        AND calendar.seen_at >= shipments.known_at
        AND calendar.seen_at < shipments.replaced_at
    LEFT JOIN (
        SELECT
            claims.shipment_id,
            looks.seen_at,
            sum(
                CASE
                    WHEN claims.paid_at <= looks.seen_at
                        THEN CAST(round(claims.amount_paid_cents / euro_rates.euro_rate) AS BIGINT)
                END
            ) AS paid_cents,
            sum(
                CASE
                    WHEN claims.paid_at <= looks.seen_at
                        AND (claims.amount_paid_cents IS NULL OR euro_rates.euro_rate IS NULL)
                        THEN 1
                    ELSE 0
                END
            ) AS unknown_n,
            sum(
                CASE
                    WHEN claims.claim_type <> 'damaged' THEN 0
                    WHEN claims.docs_complete_at <= looks.seen_at THEN 1
                    WHEN claims.decided_at <= looks.seen_at AND claims.decision IN ('accepted', 'partial') THEN 1
                    ELSE 0
                END
            ) AS damaged_n
        FROM claims
        JOIN (SELECT DISTINCT seen_at FROM calendar) AS looks
            ON looks.seen_at >= claims.known_at AND looks.seen_at < claims.replaced_at
        LEFT JOIN euro_rates ON euro_rates.currency = claims.currency
        GROUP BY claims.shipment_id, looks.seen_at
    ) AS claimed
        ON claimed.shipment_id = shipments.shipment_id AND claimed.seen_at = calendar.seen_at
    LEFT JOIN (
        SELECT orders.*, CAST(round(item_value_cents / euro_rate) AS BIGINT) AS cents
        FROM orders
        LEFT JOIN euro_rates ON euro_rates.currency = orders.currency
    ) AS orders
        ON orders.order_id = shipments.order_id
        AND calendar.seen_at >= orders.known_at
        AND calendar.seen_at < orders.replaced_at
    LEFT JOIN (
        SELECT reverse_cases.*, CAST(round(offer_value_cents / euro_rate) AS BIGINT) AS cents
        FROM reverse_cases
        JOIN euro_rates ON euro_rates.currency = reverse_cases.currency
    ) AS cases
        ON cases.case_id = shipments.case_id
        AND calendar.seen_at >= cases.known_at
        AND calendar.seen_at < cases.replaced_at
    WHERE claimed.damaged_n > 0
        OR (
            coalesce(shipments.first_attempt_at > calendar.seen_at, true)
            AND coalesce(shipments.delivered_at > calendar.seen_at, true)
            AND shipments.promised_date + rules.lost_after_days <= CAST(calendar.seen_at AS DATE)
        )
    GROUP BY calendar.week, calendar.seen_at, shipments.shipment_id
) AS losses
