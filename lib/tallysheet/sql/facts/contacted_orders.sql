-- One row an order that somebody wrote about, in the week of its first contact: did both sides handle it?
-- Double: within the days in which a second contact counts as the same matter, one contact went to the seller
-- and another to Customer Care. An order counts once these days are over.
SELECT
    week,
    seen_at,
    seller,
    reason,
    channel,
    1 AS contacted_n,
    is_double AS double_n
FROM (
    SELECT
        calendar.week,
        calendar.seen_at,
        MIN(opening.seller) AS seller,
        MIN(opening.contact_reason) AS reason,
        MIN(opening.channel) AS channel,
        MAX(
            CASE
                WHEN other.opened_at < opening.opened_at THEN 1
                WHEN other.opened_at = opening.opened_at AND other.contact_id < opening.contact_id THEN 1
                ELSE 0
            END
        ) AS is_later,
        MAX(CASE WHEN other.handled_by <> opening.handled_by THEN 1 ELSE 0 END) AS is_double
    FROM care_contacts AS opening
    JOIN calendar ON calendar.day = CAST(opening.opened_at AS DATE)
    CROSS JOIN rules
    JOIN care_contacts AS other
        ON other.order_id = opening.order_id
        AND CAST(other.opened_at AS DATE) <= calendar.day + rules.repeat_days
        AND calendar.seen_at >= other.known_at
        AND calendar.seen_at < other.replaced_at
    WHERE calendar.seen_at >= opening.known_at
        AND calendar.seen_at < opening.replaced_at
        AND calendar.day + rules.repeat_days < CAST(calendar.seen_at AS DATE)
    GROUP BY calendar.week, calendar.seen_at, opening.contact_id
) AS contacted
WHERE is_later = 0
