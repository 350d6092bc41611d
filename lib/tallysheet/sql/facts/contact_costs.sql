-- One row a contact, in the week in which its order was paid: what does it cost at rules.contact_cost_cents?
-- A contact that names no order counts in the week in which it was opened, without a country. One that names
-- an order that is not known counts nowhere, as its order does.
SELECT
    calendar.week,
    calendar.seen_at,
    min(orders.buyer_country) AS country,
    min(coalesce(orders.seller, contacts.seller)) AS seller,
    min(rules.contact_cost_cents) AS care_cents
FROM care_contacts AS contacts
CROSS JOIN rules
LEFT JOIN orders ON orders.order_id = contacts.order_id
JOIN calendar
    ON calendar.day = CAST(
        CASE WHEN contacts.order_id IS NULL THEN contacts.opened_at ELSE orders.paid_at END AS DATE
    )
WHERE calendar.seen_at >= contacts.opened_at
    AND calendar.seen_at >= contacts.known_at
    AND calendar.seen_at < contacts.replaced_at
    AND (
        contacts.order_id IS NULL
        OR (calendar.seen_at >= orders.known_at AND calendar.seen_at < orders.replaced_at)
    )
GROUP BY calendar.week, calendar.seen_at, contacts.contact_id
