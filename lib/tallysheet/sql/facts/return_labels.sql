-- One row a return label issued in the week: did the parcel get to the carrier?
-- Dropped: within rules.return_drop_days, the days that a label is good, counted in days of the calendar.
-- Ended: dropped off, or the time is over. Carrier, service and country are its parcel's.
SELECT
    calendar.week,
    calendar.seen_at,
    min(shipments.origin_country) AS origin_country,
    min(shipments.carrier) AS carrier,
    min(shipments.service) AS service,
    min(cases.case_reason) AS reason,
    1 AS labels_n,
    max(
        CASE
            WHEN cases.dropped_off_at <= calendar.seen_at
                AND CAST(cases.dropped_off_at AS DATE) <= calendar.day + rules.return_drop_days THEN 1
            ELSE 0
        END
    ) AS dropped_n,
    max(
        CASE
            WHEN cases.dropped_off_at <= calendar.seen_at
                OR CAST(calendar.seen_at AS DATE) > calendar.day + rules.return_drop_days THEN 1
            ELSE 0
        END
    ) AS ended_n
FROM reverse_cases AS cases
JOIN calendar ON calendar.day = CAST(cases.label_issued_at AS DATE)
CROSS JOIN rules
LEFT JOIN shipments ON shipments.case_id = cases.case_id
    AND shipments.flow = 'return'
    AND calendar.seen_at >= shipments.known_at
    AND calendar.seen_at < shipments.replaced_at
WHERE cases.case_type = 'return'
    AND calendar.seen_at >= cases.known_at
    AND calendar.seen_at < cases.replaced_at
    AND calendar.seen_at >= cases.label_issued_at
GROUP BY calendar.week, calendar.seen_at, cases.case_id
