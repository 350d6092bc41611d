-- One row a contact, in the week in which it was opened: how many hours until somebody replied?
-- Tenths of an hour by the clock, as no table says when Customer Care works; 999 stands for 999 and more. A
-- contact without a reply has the hours for which it has waited so far.
SELECT
    calendar.week,
    calendar.seen_at,
    care_contacts.channel,
    care_contacts.contact_reason AS reason,
    care_contacts.handled_by,
    least(
        CAST(
            floor(
                date_diff(
                    'minute',
                    care_contacts.opened_at,
                    least(coalesce(care_contacts.first_reply_at, calendar.seen_at), calendar.seen_at)
                ) / 6.0
            ) AS INTEGER
        ),
        999
    ) AS reply_tenths_bin,
    1 AS opened_n,
    CASE WHEN care_contacts.first_reply_at <= calendar.seen_at THEN 1 ELSE 0 END AS replied_n
FROM care_contacts
JOIN calendar ON calendar.day = CAST(care_contacts.opened_at AS DATE)
WHERE calendar.seen_at >= care_contacts.known_at
    AND calendar.seen_at < care_contacts.replaced_at
    AND care_contacts.opened_at <= calendar.seen_at
