-- One row a contact, in the week in which it was solved: was once enough, and is the customer satisfied?
-- Followed: it names an order, and the days in which a second contact counts as the same matter are over.
-- Once was enough if it was not opened again and no other contact about its order came in these days.
SELECT
    calendar.week,
    calendar.seen_at,
    MIN(solved.contact_reason) AS reason,
    MIN(solved.channel) AS channel,
    MIN(solved.handled_by) AS handled_by,
    MIN(solved.seller) AS seller,
    1 AS solved_n,
    MAX(CASE WHEN solved.csat IS NULL THEN 0 ELSE 1 END) AS answers_n,
    MAX(CASE WHEN solved.csat >= 4 THEN 1 ELSE 0 END) AS satisfied_n,
    MAX(
        CASE
            WHEN solved.order_id IS NULL THEN 0
            WHEN calendar.day + rules.repeat_days < CAST(calendar.seen_at AS DATE) THEN 1
            ELSE 0
        END
    ) AS followed_n,
    MIN(
        CASE
            WHEN solved.order_id IS NULL OR solved.reopened OR again.contact_id IS NOT NULL THEN 0
            WHEN calendar.day + rules.repeat_days < CAST(calendar.seen_at AS DATE) THEN 1
            ELSE 0
        END
    ) AS once_n
FROM care_contacts AS solved
JOIN calendar ON calendar.day = CAST(solved.resolved_at AS DATE)
CROSS JOIN rules
LEFT JOIN care_contacts AS again
    ON again.order_id = solved.order_id
    AND (
        again.opened_at > solved.opened_at
        OR (again.opened_at = solved.opened_at AND again.contact_id > solved.contact_id)
    )
    AND CAST(again.opened_at AS DATE) <= calendar.day + rules.repeat_days
    AND calendar.seen_at >= again.known_at
    AND calendar.seen_at < again.replaced_at
WHERE calendar.seen_at >= solved.known_at
    AND calendar.seen_at < solved.replaced_at
    AND solved.resolved_at <= calendar.seen_at
GROUP BY calendar.week, calendar.seen_at, solved.contact_id
