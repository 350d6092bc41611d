-- One row a flow, lane, weight band and service of the parcels that came back in the last 12 weeks, and a carrier
-- and service that could have them: what would it charge for them by the contract that holds now, with fuel, what
-- are they worth, and what would it pay at most if they were lost? Sums in euro cents at the year's rates.
-- Worth: all lines of the order, or the offer for a trade-in; where it is not known it counts in no sum.
-- A carrier that has no price for each of these parcels cannot have them.
SELECT
    flow,
    lane,
    weight_band,
    needed,
    carrier,
    service,
    count(*) AS parcels_n,
    CAST(sum(price_cents) AS BIGINT) AS price_cents,
    count(value_cents) AS valued_n,
    CAST(coalesce(sum(value_cents), 0) AS BIGINT) AS value_cents,
    CAST(coalesce(sum(least(value_cents, limit_cents)), 0) AS BIGINT) AS covered_cents
FROM (
    SELECT
        parcels.shipment_id,
        min(parcels.flow) AS flow,
        min(parcels.lane) AS lane,
        min(parcels.weight_band) AS weight_band,
        min(parcels.needed) AS needed,
        rates.carrier,
        rates.service,
        CAST(
            round(max(rates.price_cents / euro_rates.euro_rate) * (1 + coalesce(max(terms.fuel_share), 0)))
            AS BIGINT
        ) AS price_cents,
        min(parcels.value_cents) AS value_cents,
        CAST(round(min(terms.liability_limit_cents / own_rates.euro_rate)) AS BIGINT) AS limit_cents
    FROM (
        SELECT
            shipments.shipment_id,
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
            shipments.service AS needed,
            coalesce(shipments.weight_declared_g, 1) AS weight_g,
            look.last_day,
            coalesce(sold.cents, offered.cents) AS value_cents
        FROM shipments
        CROSS JOIN look
        LEFT JOIN (
            SELECT order_id, CAST(sum(round(item_value_cents / euro_rate)) AS BIGINT) AS cents
            FROM orders
            JOIN euro_rates ON euro_rates.currency = orders.currency
            GROUP BY order_id
        ) AS sold ON sold.order_id = shipments.order_id
        LEFT JOIN (
            SELECT case_id, CAST(round(offer_value_cents / euro_rate) AS BIGINT) AS cents
            FROM reverse_cases
            JOIN euro_rates ON euro_rates.currency = reverse_cases.currency
        ) AS offered ON offered.case_id = shipments.case_id
        WHERE shipments.flow IN ('return', 'trade_in')
            AND CAST(shipments.first_scan_at AS DATE) BETWEEN look.last_day - 83 AND look.last_day
            AND shipments.first_scan_at <= look.seen_at
    ) AS parcels
    JOIN contract_rates AS rates
        ON rates.origin_country = parcels.origin_country
        AND rates.destination_country = parcels.destination_country
        AND rates.weight_from_g < parcels.weight_g
        AND parcels.last_day BETWEEN rates.valid_from AND coalesce(rates.valid_to, parcels.last_day)
    JOIN euro_rates ON euro_rates.currency = rates.currency
    LEFT JOIN contract_terms AS terms
        ON terms.carrier = rates.carrier
        AND parcels.last_day BETWEEN terms.valid_from AND coalesce(terms.valid_to, parcels.last_day)
    LEFT JOIN euro_rates AS own_rates ON own_rates.currency = terms.currency
    GROUP BY parcels.shipment_id, rates.carrier, rates.service
)
GROUP BY ALL
ORDER BY ALL
