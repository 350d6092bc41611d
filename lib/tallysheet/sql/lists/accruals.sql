-- One row a carrier and week of first scan, of the 35 weeks up to the opened one: how much have invoices charged
-- so far, less credits, and what is the contract's price, with fuel, of what they hold and of what they do not
-- hold yet? In euro cents at the year's rates. As in sql/facts/costs.sql a line finds its parcel by number within
-- a week, and of the weights that begin below the parcel's the dearest counts.
SELECT
    week,
    carrier,
    count(*) AS parcels_n,
    CAST(sum(CASE WHEN cents IS NULL THEN 0 ELSE 1 END) AS BIGINT) AS invoiced_n,
    CAST(coalesce(sum(cents), 0) AS BIGINT) AS invoiced_cents,
    CAST(coalesce(sum(CASE WHEN listed_cents IS NULL THEN NULL ELSE cents END), 0) AS BIGINT)
        AS priced_invoiced_cents,
    CAST(coalesce(sum(CASE WHEN cents IS NULL THEN NULL ELSE listed_cents END), 0) AS BIGINT)
        AS invoiced_listed_cents,
    CAST(coalesce(sum(CASE WHEN cents IS NULL THEN listed_cents END), 0) AS BIGINT) AS open_listed_cents,
    CAST(sum(CASE WHEN cents IS NULL AND listed_cents IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS unpriced_n
FROM (
    SELECT
        parcels.shipment_id,
        min(parcels.week) AS week,
        min(parcels.carrier) AS carrier,
        min(parcels.cents) AS cents,
        CAST(
            round(max(rates.price_cents / euro_rates.euro_rate) * (1 + coalesce(max(terms.fuel_share), 0)))
            AS BIGINT
        ) AS listed_cents
    FROM (
        SELECT
            shipments.shipment_id,
            calendar.week,
            calendar.day,
            shipments.carrier,
            shipments.service,
            shipments.origin_country,
            shipments.destination_country,
            coalesce(shipments.weight_declared_g, 1) AS weight_g,
            sum(charged.cents) AS cents
        FROM shipments
        JOIN calendar ON calendar.day = CAST(shipments.first_scan_at AS DATE)
        CROSS JOIN look
        LEFT JOIN (
            SELECT
                carrier,
                tracking_number,
                ship_date,
                CAST(sum(round(amount_cents / euro_rate)) AS BIGINT) AS cents
            FROM carrier_invoice_lines
            JOIN euro_rates ON euro_rates.currency = carrier_invoice_lines.currency
            CROSS JOIN look
            WHERE ship_date BETWEEN look.last_day - 252 AND look.last_day + 7
            GROUP BY carrier, tracking_number, ship_date
        ) AS charged
            ON charged.carrier = shipments.carrier
            AND charged.tracking_number = shipments.tracking_number
            AND charged.ship_date BETWEEN calendar.day - 7 AND calendar.day + 7
        WHERE calendar.day BETWEEN look.last_day - 244 AND look.last_day
            AND shipments.first_scan_at <= look.seen_at
        GROUP BY ALL
    ) AS parcels
    LEFT JOIN contract_rates AS rates
        ON rates.carrier = parcels.carrier
        AND rates.service = parcels.service
        AND rates.origin_country = parcels.origin_country
        AND rates.destination_country = parcels.destination_country
        AND rates.weight_from_g < parcels.weight_g
        AND parcels.day BETWEEN rates.valid_from AND coalesce(rates.valid_to, parcels.day)
    LEFT JOIN euro_rates ON euro_rates.currency = rates.currency
    LEFT JOIN contract_terms AS terms
        ON terms.carrier = parcels.carrier
        AND parcels.day BETWEEN terms.valid_from AND coalesce(terms.valid_to, parcels.day)
    GROUP BY parcels.shipment_id
) AS priced
GROUP BY week, carrier
ORDER BY week, carrier
