-- One row a parcel and invoice of the last 13 weeks that charges more than is due, or in a currency that is not
-- the contract's. Due, line by line: the first base charge of a parcel at the contract's price of the ship date
-- for its declared weight, the first fuel charge at the contract's share of it, the first of each surcharge as
-- billed; a second of its kind is not, on whatever invoice. Of a seller's own label, whose price is not known,
-- the first base and fuel are due as billed, less what the contract's prices of billed and declared weight differ by.
-- later_cents: due by the price that follows the one in force; credited_cents: all credits of the parcel.
-- In euro cents at the year's rates; read_cents reads the number in the contract's currency. all_billed_cents and
-- all_read_cents are of every charge, those that are not judged too: all of them stand under the same currency.
-- Of parcels with a known weight; within rules.billing_tolerance_cents nothing is too much.
WITH billed AS MATERIALIZED (
    -- Before any price: joined to all rates of its carrier first, as DuckDB does, a line has hundreds of rows.
    SELECT
        bills.*,
        parcels.shipment_id,
        parcels.service,
        parcels.origin_country,
        parcels.destination_country,
        parcels.weight_declared_g,
        parcels.label_source
    FROM (
        -- What is judged of an invoice's charges for a parcel: base, fuel, and what is charged again; and all of them.
        SELECT
            invoice_id,
            invoice_date,
            carrier,
            tracking_number,
            ship_date,
            currency,
            max(credited_cents) AS credited_cents,
            max(CASE WHEN is_judged THEN weight_billed_g END) AS billed_g,
            sum(CASE WHEN place > 1 THEN 1 ELSE 0 END) AS repeated_n,
            sum(CASE WHEN charge_type = 'base' AND place = 1 THEN 1 ELSE 0 END) AS base_n,
            sum(CASE WHEN charge_type = 'fuel' AND place = 1 THEN 1 ELSE 0 END) AS fuel_n,
            CAST(sum(CASE WHEN is_judged AND place = 1 THEN amount_cents ELSE 0 END) AS BIGINT) AS first_cents,
            CAST(sum(CASE WHEN is_judged THEN amount_cents ELSE 0 END) AS BIGINT) AS number_cents,
            CAST(sum(amount_cents) AS BIGINT) AS all_cents
        FROM (
            SELECT *, charge_type IN ('base', 'fuel') OR place > 1 AS is_judged
            FROM (
                SELECT
                    charged.*,
                    sum(CASE WHEN charge_type = 'credit_note' THEN -round(amount_cents / euro_rate) ELSE 0 END)
                        OVER (PARTITION BY carrier, tracking_number, ship_date) AS credited_cents,
                    row_number() OVER (
                        PARTITION BY carrier, tracking_number, ship_date, charge_type
                        ORDER BY invoice_date, invoice_id, line_number
                    ) AS place
                FROM carrier_invoice_lines AS charged
                JOIN euro_rates ON euro_rates.currency = charged.currency
                CROSS JOIN look
                WHERE charged.ship_date > look.seen_on - 200 AND charged.invoice_date <= look.seen_on
            ) AS placed
        ) AS lines
        CROSS JOIN look
        WHERE invoice_date > look.seen_on - 91
            AND charge_type <> 'credit_note'
        GROUP BY invoice_id, invoice_date, carrier, tracking_number, ship_date, currency
    ) AS bills
    CROSS JOIN look
    JOIN shipments AS parcels
        ON parcels.carrier = bills.carrier
        AND parcels.tracking_number = bills.tracking_number
        AND parcels.first_scan_at >= bills.ship_date - 7
        AND parcels.first_scan_at < bills.ship_date + 8
        AND parcels.first_scan_at <= look.seen_at
)
SELECT
    invoice_id,
    invoice_date,
    shipment_id,
    carrier,
    tracking_number,
    ship_date,
    lane,
    declared_g,
    billed_g,
    currency,
    contract_currency,
    is_own_label,
    repeated_n,
    billed_cents,
    read_cents,
    all_billed_cents,
    all_read_cents,
    CAST(
        round(CASE WHEN is_own_label THEN first_cents - (heavy_price - price) * charged ELSE price * charged END) AS BIGINT
    ) AS due_cents,
    CASE WHEN is_own_label THEN NULL ELSE CAST(round(later_price * charged) AS BIGINT) END AS later_cents,
    credited_cents
FROM (
    SELECT
        billed.invoice_id,
        billed.invoice_date,
        min(billed.shipment_id) AS shipment_id,
        billed.carrier,
        billed.tracking_number,
        billed.ship_date,
        min(billed.origin_country || '-' || billed.destination_country) AS lane,
        min(billed.weight_declared_g) AS declared_g,
        min(billed.billed_g) AS billed_g,
        billed.currency,
        min(rates.currency) AS contract_currency,
        coalesce(min(billed.label_source) = 'seller_own', false) AS is_own_label,
        CAST(min(billed.repeated_n) AS BIGINT) AS repeated_n,
        CAST(round(min(billed.number_cents) / min(tagged.euro_rate)) AS BIGINT) AS billed_cents,
        CAST(round(min(billed.number_cents) / min(listed.euro_rate)) AS BIGINT) AS read_cents,
        CAST(round(min(billed.all_cents) / min(tagged.euro_rate)) AS BIGINT) AS all_billed_cents,
        CAST(round(min(billed.all_cents) / min(listed.euro_rate)) AS BIGINT) AS all_read_cents,
        min(billed.first_cents) / min(listed.euro_rate) AS first_cents,
        max(CASE WHEN rates.weight_from_g < billed.weight_declared_g THEN rates.price_cents END)
            / min(listed.euro_rate) AS price,
        max(CASE WHEN rates.weight_from_g < billed.weight_declared_g THEN later.price_cents END)
            / min(listed.euro_rate) AS later_price,
        max(rates.price_cents) / min(listed.euro_rate) AS heavy_price,
        min(billed.base_n) + min(billed.fuel_n) * coalesce(max(terms.fuel_share), 0) AS charged,
        CAST(min(billed.credited_cents) AS BIGINT) AS credited_cents
    FROM billed
    JOIN contract_rates AS rates
        ON rates.carrier = billed.carrier
        AND rates.service = billed.service
        AND rates.origin_country = billed.origin_country
        AND rates.destination_country = billed.destination_country
        AND rates.weight_from_g < greatest(billed.weight_declared_g, billed.billed_g)
        AND billed.ship_date BETWEEN rates.valid_from AND coalesce(rates.valid_to, billed.ship_date)
    JOIN euro_rates AS tagged ON tagged.currency = billed.currency
    JOIN euro_rates AS listed ON listed.currency = rates.currency
    LEFT JOIN contract_rates AS later
        ON later.carrier = rates.carrier
        AND later.service = rates.service
        AND later.origin_country = rates.origin_country
        AND later.destination_country = rates.destination_country
        AND later.weight_from_g = rates.weight_from_g
        AND later.valid_from = rates.valid_to + 1
    LEFT JOIN contract_terms AS terms
        ON terms.carrier = billed.carrier
        AND billed.ship_date BETWEEN terms.valid_from AND coalesce(terms.valid_to, billed.ship_date)
    GROUP BY
        billed.invoice_id, billed.invoice_date, billed.carrier, billed.tracking_number, billed.ship_date, billed.currency
) AS audited
CROSS JOIN rules
WHERE price IS NOT NULL
    AND (currency <> contract_currency OR billed_cents > due_cents + billing_tolerance_cents)
ORDER BY invoice_date, invoice_id, tracking_number
