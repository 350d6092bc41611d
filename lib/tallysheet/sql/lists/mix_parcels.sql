-- One row a week of first scan, flow, lane, weight band, service and carrier: how many parcels came back in the
-- last 16 weeks, what has been charged for them, what their contract's price with fuel was on the day, and how
-- late were the late ones? Charged and listed are of parcels that have both, in euro cents at the year's rates.
-- A line finds its parcel by number within a week, and of the weights that begin below the parcel's the dearest
-- counts, as in sql/facts/costs.sql. Late: working days of the destination from the promise to the first attempt.
SELECT
    week,
    flow,
    lane,
    weight_band,
    service,
    carrier,
    count(*) AS parcels_n,
    CAST(sum(CASE WHEN cents IS NULL OR listed_cents IS NULL THEN 0 ELSE 1 END) AS BIGINT) AS charged_n,
    CAST(coalesce(sum(CASE WHEN listed_cents IS NOT NULL THEN cents END), 0) AS BIGINT) AS charged_cents,
    CAST(coalesce(sum(CASE WHEN cents IS NOT NULL THEN listed_cents END), 0) AS BIGINT) AS listed_cents,
    CAST(sum(CASE WHEN late_days > 0 THEN 1 ELSE 0 END) AS BIGINT) AS late_n,
    CAST(coalesce(sum(CASE WHEN late_days > 0 THEN late_days END), 0) AS BIGINT) AS late_days
FROM (
    SELECT
        parcels.shipment_id,
        min(parcels.week) AS week,
        min(parcels.flow) AS flow,
        min(parcels.lane) AS lane,
        min(parcels.weight_band) AS weight_band,
        min(parcels.service) AS service,
        min(parcels.carrier) AS carrier,
        min(parcels.cents) AS cents,
        min(parcels.late_days) AS late_days,
        CAST(
            round(max(rates.price_cents / euro_rates.euro_rate) * (1 + coalesce(max(terms.fuel_share), 0)))
            AS BIGINT
        ) AS listed_cents
    FROM (
        SELECT
            shipments.shipment_id,
            calendar.week,
            calendar.day,
            shipments.flow,
            shipments.origin_country || '-' || shipments.destination_country AS lane,
            shipments.origin_country,
            shipments.destination_country,
            CASE
                WHEN shipments.weight_declared_g <= 1000 THEN '0-1 kg'
                WHEN shipments.weight_declared_g <= 2000 THEN '1-2 kg'
                WHEN shipments.weight_declared_g <= 5000 THEN '2-5 kg'
                WHEN shipments.weight_declared_g > 5000 THEN '5+ kg'
                ELSE '0-1 kg'
            END AS weight_band,
            shipments.service,
            shipments.carrier,
            coalesce(shipments.weight_declared_g, 1) AS weight_g,
            arrived.number - promised.number AS late_days,
            sum(charged.cents) AS cents
        FROM shipments
        JOIN calendar ON calendar.day = CAST(shipments.first_scan_at AS DATE)
        CROSS JOIN look
        LEFT JOIN workdays AS there ON there.country = shipments.destination_country
            AND there.day = CAST(coalesce(shipments.first_attempt_at, shipments.delivered_at) AS DATE)
        LEFT JOIN workdays AS promised ON promised.country = shipments.destination_country
            AND promised.day = shipments.promised_date
        LEFT JOIN workdays AS arrived ON arrived.country = shipments.destination_country
            AND arrived.day
                = CAST(coalesce(shipments.first_attempt_at, shipments.delivered_at) + there.utc_offset AS DATE)
        LEFT JOIN (
            SELECT
                carrier,
                tracking_number,
                ship_date,
                CAST(sum(round(amount_cents / euro_rate)) AS BIGINT) AS cents
            FROM carrier_invoice_lines
            JOIN euro_rates ON euro_rates.currency = carrier_invoice_lines.currency
            CROSS JOIN look
            WHERE ship_date BETWEEN look.last_day - 118 AND look.last_day + 7
            GROUP BY carrier, tracking_number, ship_date
        ) AS charged
            ON charged.carrier = shipments.carrier
            AND charged.tracking_number = shipments.tracking_number
            AND charged.ship_date BETWEEN calendar.day - 7 AND calendar.day + 7
        WHERE calendar.day BETWEEN look.last_day - 111 AND look.last_day
            AND shipments.first_scan_at <= look.seen_at
            AND shipments.flow IN ('return', 'trade_in')
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
)
GROUP BY ALL
ORDER BY ALL
