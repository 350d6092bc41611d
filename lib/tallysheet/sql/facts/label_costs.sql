-- One row an outbound parcel, in the week of its ship date: what has it cost so far, by who bought the label?
-- All lines of invoices that name it, less credits, in euro at the year's rate. Alike (stratum): one lane and
-- one weight band. A tracking number is used again after a year; meant is the parcel whose label was made in
-- the 60 days before the ship date.
SELECT
    week,
    seen_at,
    lane,
    carrier,
    service,
    lane || CASE
        WHEN weight_g <= 1000 THEN ', 1 kg'
        WHEN weight_g <= 2000 THEN ', 2 kg'
        WHEN weight_g <= 5000 THEN ', 5 kg'
        WHEN weight_g <= 10000 THEN ', 10 kg'
        ELSE ', above'
    END AS stratum,
    CASE label_source WHEN 'backship' THEN 1 ELSE 0 END AS backship_n,
    CASE label_source WHEN 'backship' THEN euro_cents ELSE 0 END AS backship_cents,
    CASE label_source WHEN 'seller_own' THEN 1 ELSE 0 END AS own_n,
    CASE label_source WHEN 'seller_own' THEN euro_cents ELSE 0 END AS own_cents
FROM (
    SELECT
        charges.week,
        charges.seen_at,
        parcels.carrier,
        parcels.service,
        parcels.label_source,
        parcels.origin_country || '-' || parcels.destination_country AS lane,
        coalesce(parcels.weight_declared_g, charges.weight_g) AS weight_g,
        charges.euro_cents
    FROM (
        SELECT
            calendar.week,
            calendar.seen_at,
            calendar.day,
            lines.carrier,
            lines.tracking_number,
            MAX(lines.weight_billed_g) AS weight_g,
            SUM(CAST(round(lines.amount_cents / euro_rates.euro_rate) AS BIGINT)) AS euro_cents
        FROM carrier_invoice_lines AS lines
        JOIN calendar ON calendar.day = lines.ship_date
        JOIN euro_rates ON euro_rates.currency = lines.currency
        WHERE calendar.seen_at >= lines.known_at
            AND calendar.seen_at < lines.replaced_at
        GROUP BY calendar.week, calendar.seen_at, calendar.day, lines.carrier, lines.tracking_number
    ) AS charges
    JOIN shipments AS parcels
        ON parcels.carrier = charges.carrier
        AND parcels.tracking_number = charges.tracking_number
        AND CAST(parcels.label_created_at AS DATE) BETWEEN charges.day - 60 AND charges.day + 1
        AND charges.seen_at >= parcels.known_at
        AND charges.seen_at < parcels.replaced_at
    WHERE parcels.flow = 'outbound'
) AS costs
