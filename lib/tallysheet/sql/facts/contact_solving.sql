-- One row a contact, in the week in which it was opened: how long until it was solved, and is it?
-- In quarters of a day; the last one, 59, stands for 14.75 days and more. A contact that is open has the time
-- for which it has been open so far.
SELECT
    calendar.week,
    calendar.seen_at,
    care_contacts.contact_reason AS reason,
    care_contacts.channel,
    care_contacts.handled_by,
    least(
        CAST(
            floor(
                date_diff(
                    'minute',
                    care_contacts.opened_at,
                    least(coalesce(care_contacts.resolved_at, calendar.seen_at), calendar.seen_at)
                ) / 360.0
            ) AS INTEGER
        ),
        59
    ) AS quarter_days_bin,
    1 AS opened_n,
    CASE WHEN care_contacts.resolved_at <= calendar.seen_at THEN 1 ELSE 0 END AS solved_n
FROM care_contacts
JOIN calendar ON calendar.day = CAST(care_contacts.opened_at AS DATE)
WHERE calendar.seen_at >= care_contacts.known_at
    AND calendar.seen_at < care_contacts.replaced_at
    AND care_contacts.opened_at <= calendar.seen_at
