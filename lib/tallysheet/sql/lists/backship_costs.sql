-- One row a seller, lane, service, weight band, month of the first scan and kind of label, as backship_parcels has
-- them: what did labels cost, as far as it is known, in euro cents at the year's rates?
-- Seen: what invoices charge for the parcel, less credits; base: the price of the label alone, once, without surcharges.
-- A line finds its parcel by number within a week of the first scan. Told: where no invoice names the parcel, what
-- its sender said that it cost. Of parcels scanned at least 45 days ago, as invoices come late.
SELECT
    parcels.seller,
    parcels.lane,
    parcels.service,
    parcels.weight_band,
    parcels.month,
    parcels.is_backship,
    count(*) AS parcels_n,
    count(parcels.seen_cents) AS seen_n,
    CAST(coalesce(sum(parcels.seen_cents), 0) AS BIGINT) AS seen_cents,
    CAST(coalesce(sum(parcels.base_cents), 0) AS BIGINT) AS base_cents,
    CAST(sum(CASE WHEN parcels.seen_cents IS NULL AND parcels.told_cents IS NOT NULL THEN 1 ELSE 0 END) AS BIGINT)
        AS told_n,
    CAST(coalesce(sum(CASE WHEN parcels.seen_cents IS NULL THEN parcels.told_cents END), 0) AS BIGINT)
        AS told_cents
FROM (
    SELECT
        shipments.shipment_id,
        min(shipments.seller) AS seller,
        min(shipments.origin_country || '-' || shipments.destination_country) AS lane,
        min(coalesce(shipments.service, '')) AS service,
        min(
            CASE
                WHEN shipments.weight_declared_g <= 1000 THEN '1 kg'
                WHEN shipments.weight_declared_g <= 2000 THEN '2 kg'
                WHEN shipments.weight_declared_g <= 5000 THEN '5 kg'
                ELSE 'above'
            END
        ) AS weight_band,
        min(strftime(shipments.first_scan_at, '%Y-%m')) AS month,
        bool_or(shipments.label_source = 'backship') AS is_backship,
        sum(charged.cents) AS seen_cents,
        max(charged.base_cents) AS base_cents,
        min(CAST(round(shipments.cost_cents / euro_rates.euro_rate) AS BIGINT)) AS told_cents
    FROM shipments
    JOIN (SELECT DISTINCT order_id FROM orders WHERE backship_eligible) AS sold
        ON sold.order_id = shipments.order_id
    CROSS JOIN look
    LEFT JOIN euro_rates ON euro_rates.currency = shipments.currency
    LEFT JOIN (
        SELECT
            carrier,
            tracking_number,
            ship_date,
            CAST(sum(round(amount_cents / euro_rate)) AS BIGINT) AS cents,
            CAST(max(CASE WHEN charge_type = 'base' THEN round(amount_cents / euro_rate) ELSE 0 END) AS BIGINT)
                AS base_cents
        FROM carrier_invoice_lines
        JOIN euro_rates ON euro_rates.currency = carrier_invoice_lines.currency
        GROUP BY carrier, tracking_number, ship_date
    ) AS charged
        ON charged.carrier = shipments.carrier
        AND charged.tracking_number = shipments.tracking_number
        AND charged.ship_date
            BETWEEN CAST(shipments.first_scan_at AS DATE) - 7 AND CAST(shipments.first_scan_at AS DATE) + 7
    WHERE shipments.flow = 'outbound'
        AND shipments.seller IS NOT NULL
        AND shipments.label_source IS NOT NULL
        AND CAST(shipments.first_scan_at AS DATE)
            BETWEEN look.last_day - 852 AND least(look.last_day, look.seen_on - 45)
    GROUP BY shipments.shipment_id
) AS parcels
GROUP BY ALL
ORDER BY ALL
