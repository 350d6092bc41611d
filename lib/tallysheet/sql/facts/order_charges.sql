-- What do carriers charge for the parcels of orders paid in the week, on the way out and on the way back?
-- All lines of their invoices that are known by then, less credits, in euro at the year's rates; what is not
-- invoiced yet is not in it. A line finds its parcel by number within a week of the first scan: carriers use
-- numbers again after a year.
SELECT
    paid.week,
    paid.seen_at,
    paid.country,
    paid.seller,
    sum(CASE parcels.flow WHEN 'outbound' THEN lines.cents ELSE 0 END) AS shipping_cents,
    sum(CASE parcels.flow WHEN 'outbound' THEN 0 ELSE lines.cents END) AS return_cents
FROM (
    SELECT
        calendar.week,
        calendar.seen_at,
        orders.order_id,
        min(orders.buyer_country) AS country,
        min(orders.seller) AS seller
    FROM (SELECT *, CAST(paid_at AS DATE) AS day FROM orders) AS orders
    JOIN calendar ON calendar.day = orders.day
    WHERE calendar.seen_at >= orders.known_at
        AND calendar.seen_at < orders.replaced_at
        AND orders.paid_at BETWEEN calendar.day AND calendar.seen_at
    GROUP BY calendar.week, calendar.seen_at, orders.order_id
) AS paid
JOIN (SELECT *, CAST(first_scan_at AS DATE) AS scanned_on FROM shipments) AS parcels
    ON parcels.order_id = paid.order_id
    AND paid.seen_at >= parcels.first_scan_at
    AND paid.seen_at >= parcels.known_at
    AND paid.seen_at < parcels.replaced_at
JOIN (
    SELECT carrier_invoice_lines.*, CAST(round(amount_cents / euro_rate) AS BIGINT) AS cents
    FROM carrier_invoice_lines
    JOIN euro_rates ON euro_rates.currency = carrier_invoice_lines.currency
) AS lines
    ON lines.carrier = parcels.carrier
    AND lines.tracking_number = parcels.tracking_number
    AND lines.ship_date BETWEEN parcels.scanned_on - 7 AND parcels.scanned_on + 7
    AND paid.seen_at >= lines.known_at
    AND paid.seen_at < lines.replaced_at
GROUP BY paid.week, paid.seen_at, paid.country, paid.seller
