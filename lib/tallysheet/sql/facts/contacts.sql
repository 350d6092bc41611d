-- One row a contact, in the week in which its order was paid: how many contacts do the orders of a week make,
-- and what do they cost at rules.contact_cost_cents?
-- A contact that names no order counts in the week in which it was opened. One that names an order that is
-- not known counts nowhere, as its order does.
SELECT
    calendar.week,
    calendar.seen_at,
    MIN(orders.buyer_country) AS country,
    MIN(coalesce(orders.seller, care_contacts.seller)) AS seller,
    1 AS contacts_n,
    MIN(rules.contact_cost_cents) AS care_cents
FROM care_contacts
CROSS JOIN rules
LEFT JOIN orders ON orders.order_id = care_contacts.order_id
JOIN calendar
    ON calendar.day = CASE
        WHEN care_contacts.order_id IS NULL THEN CAST(care_contacts.opened_at AS DATE)
        ELSE CAST(orders.paid_at AS DATE)
    END
WHERE calendar.seen_at >= care_contacts.known_at
    AND calendar.seen_at < care_contacts.replaced_at
    AND care_contacts.opened_at <= calendar.seen_at
    AND (
        care_contacts.order_id IS NULL
        OR (calendar.seen_at >= orders.known_at AND calendar.seen_at < orders.replaced_at)
    )
GROUP BY calendar.week, calendar.seen_at, care_contacts.contact_id
