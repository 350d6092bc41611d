-- One row a parcel with a base charge, in the week of its first scan: how much more was charged than the
-- contract says of that day (excess), and how much more will it say later (step)? In euro cents at the year's
-- rates, by the declared weight; excess from 5 euro less to 20 euro more. Of the weights that begin below it
-- the dearest counts. A line finds its parcel by number within a week: numbers come again.
SELECT
    calendar.week,
    calendar.seen_at,
    min(shipments.carrier) AS carrier,
    min(shipments.origin_country || '-' || shipments.destination_country) AS lane,
    min(shipments.destination_country) AS destination_country,
    min(shipments.flow) AS flow,
    min(shipments.service) AS service,
    min(shipments.label_source) AS label_source,
    min(lines.currency) AS currency,
    min(rates.currency) AS contract_currency,
    CAST(
        round(least(greatest(min(lines.base_cents) - max(rates.price_cents / money.euro_rate), -500), 2000))
        AS INTEGER
    ) AS excess_bin,
    CAST(
        round(
            coalesce(max(later.price_cents / money.euro_rate) - max(rates.price_cents / money.euro_rate), 0)
        ) AS INTEGER
    ) AS step_bin,
    1 AS billed_n,
    min(lines.base_cents) AS base_cents,
    CAST(round(max(rates.price_cents / money.euro_rate)) AS BIGINT) AS listed_cents
FROM calendar
JOIN shipments
    ON calendar.day = CAST(shipments.first_scan_at AS DATE)
    AND shipments.first_scan_at BETWEEN calendar.day AND calendar.seen_at
    AND calendar.seen_at >= shipments.known_at
    AND calendar.seen_at < shipments.replaced_at
LEFT JOIN (
    -- The smallest base charge of a parcel, as one may be charged twice; of ship dates that can be asked for.
    SELECT carrier, tracking_number, ship_date, currency, known_at, replaced_at, min(cents) AS base_cents
    FROM (
        SELECT carrier_invoice_lines.*, CAST(round(amount_cents / euro_rate) AS BIGINT) AS cents
        FROM carrier_invoice_lines
        JOIN euro_rates ON euro_rates.currency = carrier_invoice_lines.currency
        JOIN (SELECT min(day) - 7 AS first_day, max(day) + 7 AS last_day FROM calendar) AS days
            ON carrier_invoice_lines.ship_date BETWEEN days.first_day AND days.last_day
        WHERE charge_type = 'base'
    ) AS charges
    GROUP BY carrier, tracking_number, ship_date, currency, known_at, replaced_at
) AS lines
    ON lines.carrier = shipments.carrier
    AND lines.tracking_number = shipments.tracking_number
    AND lines.ship_date BETWEEN calendar.day - 7 AND calendar.day + 7
    AND calendar.seen_at >= lines.known_at
    AND calendar.seen_at < lines.replaced_at
LEFT JOIN contract_rates AS rates
    ON rates.carrier = shipments.carrier
    AND rates.service = shipments.service
    AND rates.origin_country = shipments.origin_country
    AND rates.destination_country = shipments.destination_country
    AND rates.weight_from_g < shipments.weight_declared_g
    AND lines.ship_date BETWEEN rates.valid_from AND coalesce(rates.valid_to, lines.ship_date)
    AND calendar.seen_at >= rates.known_at
    AND calendar.seen_at < rates.replaced_at
LEFT JOIN euro_rates AS money ON money.currency = rates.currency
LEFT JOIN contract_rates AS later
    ON later.carrier = rates.carrier
    AND later.service = rates.service
    AND later.origin_country = rates.origin_country
    AND later.destination_country = rates.destination_country
    AND later.weight_from_g = rates.weight_from_g
    AND later.valid_from = rates.valid_to + 1
    AND calendar.seen_at >= later.known_at
    AND calendar.seen_at < later.replaced_at
GROUP BY calendar.week, calendar.seen_at, shipments.shipment_id
HAVING count(rates.price_cents / money.euro_rate) > 0
