-- One row a parcel that a fulfilment partner sent out for an order paid in the week: what is the fee?
-- Jobs name no order, so the fee is what the partner asks on average for the outbound jobs given to it in
-- that week, in euro at the year's rates.
SELECT
    sent.week,
    sent.seen_at,
    sent.country,
    sent.seller,
    1 AS fulfilled_n,
    fees.fee_cents AS fulfilment_cents
FROM (
    SELECT
        calendar.week,
        calendar.seen_at,
        min(orders.buyer_country) AS country,
        min(orders.seller) AS seller,
        min(parcels.partner) AS partner
    FROM orders
    JOIN calendar ON calendar.day = CAST(orders.paid_at AS DATE)
    JOIN shipments AS parcels
        ON parcels.order_id = orders.order_id
        AND parcels.flow = 'outbound'
        AND calendar.seen_at >= parcels.first_scan_at
        AND calendar.seen_at >= parcels.known_at
        AND calendar.seen_at < parcels.replaced_at
    WHERE parcels.partner IS NOT NULL
        AND calendar.seen_at >= orders.known_at
        AND calendar.seen_at < orders.replaced_at
        AND orders.paid_at BETWEEN calendar.day AND calendar.seen_at
    GROUP BY calendar.week, calendar.seen_at, parcels.shipment_id
) AS sent
JOIN (
    SELECT
        calendar.week,
        calendar.seen_at,
        jobs.partner,
        CAST(
            round(sum(CAST(round(jobs.fee_cents / euro_rates.euro_rate) AS BIGINT)) / count(jobs.fee_cents))
            AS BIGINT
        ) AS fee_cents
    FROM fulfilment_jobs AS jobs
    JOIN calendar ON calendar.day = CAST(jobs.released_at AS DATE)
    JOIN euro_rates ON euro_rates.currency = jobs.currency
    WHERE jobs.kind = 'outbound'
        AND jobs.released_at BETWEEN calendar.day AND calendar.seen_at
        AND calendar.seen_at >= jobs.known_at
        AND calendar.seen_at < jobs.replaced_at
    GROUP BY calendar.week, calendar.seen_at, jobs.partner
) AS fees
    ON fees.week = sent.week AND fees.seen_at = sent.seen_at AND fees.partner = sent.partner
