-- One row a parcel that a carrier first scanned in the week: what does it cost, in euro at the year's rates?
-- All that invoices charge for it, less credits; before its first line, the contract's price of that day with
-- fuel, for its weight (not known: the lightest); with neither its cost is not known. Of the weights that begin
-- below it the dearest counts: no slip at their ends matters. A line finds its parcel by number within a week:
-- numbers come again.
SELECT
    calendar.week,
    calendar.seen_at,
    min(shipments.carrier) AS carrier,
    min(shipments.origin_country || '-' || shipments.destination_country) AS lane,
    min(shipments.destination_country) AS destination_country,
    min(shipments.flow) AS flow,
    min(shipments.service) AS service,
    min(shipments.label_source) AS label_source,
    min(
        CASE
            WHEN shipments.weight_declared_g <= 1000 THEN '0-1 kg'
            WHEN shipments.weight_declared_g <= 2000 THEN '1-2 kg'
            WHEN shipments.weight_declared_g <= 5000 THEN '2-5 kg'
            WHEN shipments.weight_declared_g > 5000 THEN '5+ kg'
        END
    ) AS weight_band,
    1 AS parcels_n,
    max(CASE WHEN lines.cents IS NULL THEN 0 ELSE 1 END) AS invoiced_n,
    max(CASE WHEN lines.cents IS NULL AND rates.price_cents IS NULL THEN 0 ELSE 1 END) AS costed_n,
    coalesce(
        sum(lines.cents),
        CAST(
            round(max(rates.price_cents / money.euro_rate) * (1 + coalesce(max(terms.fuel_share), 0)))
            AS BIGINT
        ),
        0
    ) AS cost_cents,
    coalesce(sum(lines.base_cents), 0) AS base_cents,
    coalesce(sum(lines.fuel_cents), 0) AS fuel_cents,
    coalesce(sum(lines.extra_cents), 0) AS extra_cents
FROM calendar
JOIN shipments
    ON calendar.day = CAST(shipments.first_scan_at AS DATE)
    AND shipments.first_scan_at BETWEEN calendar.day AND calendar.seen_at
    AND calendar.seen_at >= shipments.known_at
    AND calendar.seen_at < shipments.replaced_at
LEFT JOIN (
    -- What an invoice charges for a parcel; of the ship dates that can be asked for.
    SELECT
        carrier,
        tracking_number,
        ship_date,
        known_at,
        replaced_at,
        CAST(sum(cents) AS BIGINT) AS cents,
        CAST(sum(CASE charge_type WHEN 'base' THEN cents ELSE 0 END) AS BIGINT) AS base_cents,
        CAST(sum(CASE charge_type WHEN 'fuel' THEN cents ELSE 0 END) AS BIGINT) AS fuel_cents,
        CAST(sum(CASE WHEN charge_type NOT IN ('base', 'fuel', 'credit_note') THEN cents ELSE 0 END) AS BIGINT)
            AS extra_cents
    FROM (
        SELECT carrier_invoice_lines.*, CAST(round(amount_cents / euro_rate) AS BIGINT) AS cents
        FROM carrier_invoice_lines
        JOIN euro_rates ON euro_rates.currency = carrier_invoice_lines.currency
        JOIN (SELECT min(day) - 7 AS first_day, max(day) + 7 AS last_day FROM calendar) AS days
            ON carrier_invoice_lines.ship_date BETWEEN days.first_day AND days.last_day
    ) AS lines
    GROUP BY carrier, tracking_number, ship_date, known_at, replaced_at
) AS lines
    ON lines.carrier = shipments.carrier
    AND lines.tracking_number = shipments.tracking_number
    AND lines.ship_date BETWEEN calendar.day - 7 AND calendar.day + 7
    AND calendar.seen_at >= lines.known_at
    AND calendar.seen_at < lines.replaced_at
LEFT JOIN contract_rates AS rates
    ON lines.cents IS NULL
    AND rates.carrier = shipments.carrier
    AND rates.service = shipments.service
    AND rates.origin_country = shipments.origin_country
    AND rates.destination_country = shipments.destination_country
    AND rates.weight_from_g < coalesce(shipments.weight_declared_g, 1)
    AND calendar.day BETWEEN rates.valid_from AND coalesce(rates.valid_to, calendar.day)
    AND calendar.seen_at >= rates.known_at
    AND calendar.seen_at < rates.replaced_at
LEFT JOIN euro_rates AS money ON money.currency = rates.currency
LEFT JOIN contract_terms AS terms
    ON lines.cents IS NULL
    AND terms.carrier = shipments.carrier
    AND calendar.day BETWEEN terms.valid_from AND coalesce(terms.valid_to, calendar.day)
    AND calendar.seen_at >= terms.known_at
    AND calendar.seen_at < terms.replaced_at
GROUP BY calendar.week, calendar.seen_at, shipments.shipment_id
