-- One row a parcel and week in which invoices charge it: are base and fuel what the contract says?
-- Of labels under our own contract with a known weight, at the price of the ship date (as in costs); other
-- surcharges are taken as billed, credits left out. After a first base no other is due, nor fuel with it.
-- A difference within rules.billing_tolerance_cents is none.
SELECT
    week,
    seen_at,
    carrier,
    lane,
    destination_country,
    flow,
    service,
    CASE
        WHEN excess_cents BETWEEN -billing_tolerance_cents AND billing_tolerance_cents THEN 'none'
        WHEN excess_cents < 0 THEN 'too_little'
        WHEN is_repeated = 1 THEN 'repeated'
        WHEN is_heavier = 1 THEN 'weight'
        ELSE 'price'
    END AS billing_error,
    1 AS judged_n,
    CASE WHEN excess_cents BETWEEN -billing_tolerance_cents AND billing_tolerance_cents THEN 1 ELSE 0 END
        AS right_n,
    CASE WHEN excess_cents > billing_tolerance_cents THEN excess_cents ELSE 0 END AS overbilled_cents,
    billed_cents
FROM (
    SELECT
        bills.week,
        bills.seen_at,
        bills.carrier,
        min(parcels.origin_country || '-' || parcels.destination_country) AS lane,
        min(parcels.destination_country) AS destination_country,
        min(parcels.flow) AS flow,
        min(parcels.service) AS service,
        min(bills.billed_cents) AS billed_cents,
        min(bills.judged_cents) - min(
            CASE WHEN bills.base_n > 0 AND earlier.invoice_id IS NOT NULL THEN 0 ELSE 1 END
        ) * CAST(
            round(
                max(rates.price_cents / euro_rates.euro_rate)
                * (min(bills.has_base) + min(bills.has_fuel) * coalesce(max(terms.fuel_share), 0))
            ) AS BIGINT
        ) AS excess_cents,
        max(CASE WHEN bills.base_n > 1 OR earlier.invoice_id IS NOT NULL THEN 1 ELSE 0 END) AS is_repeated,
        max(CASE WHEN bills.weight_g > parcels.weight_declared_g THEN 1 ELSE 0 END) AS is_heavier
    FROM (
        SELECT
            calendar.week,
            calendar.seen_at,
            lines.carrier,
            lines.tracking_number,
            lines.ship_date,
            min(calendar.day) AS day,
            max(lines.weight_billed_g) AS weight_g,
            sum(CASE lines.charge_type WHEN 'base' THEN 1 ELSE 0 END) AS base_n,
            max(CASE lines.charge_type WHEN 'base' THEN 1 ELSE 0 END) AS has_base,
            max(CASE lines.charge_type WHEN 'fuel' THEN 1 ELSE 0 END) AS has_fuel,
            sum(CASE WHEN lines.charge_type IN ('base', 'fuel') THEN lines.cents ELSE 0 END) AS judged_cents,
            sum(lines.cents) AS billed_cents
        FROM calendar
        JOIN (
            SELECT carrier_invoice_lines.*, CAST(round(amount_cents / euro_rate) AS BIGINT) AS cents
            FROM carrier_invoice_lines
            JOIN euro_rates ON euro_rates.currency = carrier_invoice_lines.currency
            WHERE charge_type <> 'credit_note'
        ) AS lines
            ON calendar.day = lines.invoice_date
            AND calendar.seen_at >= lines.known_at
            AND calendar.seen_at < lines.replaced_at
        GROUP BY calendar.week, calendar.seen_at, lines.carrier, lines.tracking_number, lines.ship_date
    ) AS bills
    JOIN shipments AS parcels
        ON parcels.carrier = bills.carrier
        AND parcels.tracking_number = bills.tracking_number
        AND parcels.first_scan_at >= bills.ship_date - 7
        AND parcels.first_scan_at < bills.ship_date + 8
        AND bills.seen_at >= parcels.first_scan_at
        AND bills.seen_at >= parcels.known_at
        AND bills.seen_at < parcels.replaced_at
    JOIN contract_rates AS rates
        ON rates.carrier = parcels.carrier
        AND rates.service = parcels.service
        AND rates.origin_country = parcels.origin_country
        AND rates.destination_country = parcels.destination_country
        AND rates.weight_from_g < parcels.weight_declared_g
        AND bills.ship_date BETWEEN rates.valid_from AND coalesce(rates.valid_to, bills.ship_date)
        AND bills.seen_at >= rates.known_at
        AND bills.seen_at < rates.replaced_at
    JOIN euro_rates ON euro_rates.currency = rates.currency
    LEFT JOIN contract_terms AS terms
        ON terms.carrier = parcels.carrier
        AND bills.ship_date BETWEEN terms.valid_from AND coalesce(terms.valid_to, bills.ship_date)
        AND bills.seen_at >= terms.known_at
        AND bills.seen_at < terms.replaced_at
    LEFT JOIN carrier_invoice_lines AS earlier
        ON earlier.carrier = bills.carrier
        AND earlier.tracking_number = bills.tracking_number
        AND earlier.ship_date = bills.ship_date
        AND earlier.charge_type = 'base'
        AND earlier.invoice_date < bills.day
        AND bills.seen_at >= earlier.known_at
        AND bills.seen_at < earlier.replaced_at
    WHERE coalesce(parcels.label_source, '') <> 'seller_own'
        AND bills.has_base + bills.has_fuel > 0
    GROUP BY bills.week, bills.seen_at, bills.carrier, bills.tracking_number, bills.ship_date
) AS judged
CROSS JOIN rules
