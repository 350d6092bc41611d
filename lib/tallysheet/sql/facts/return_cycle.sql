-- One row a return asked for in the week: how many days until its refund?
-- A refund that is still to come counts as open until seen_at; 59 stands for 59 days and more. Nobody waits
-- for money, and the return is out of it, once its label has lapsed (no carrier had it within
-- rules.return_drop_days) or it was closed without a refund. Carrier, service and country are its parcel's.
SELECT
    calendar.week,
    calendar.seen_at,
    min(shipments.origin_country) AS origin_country,
    min(shipments.carrier) AS carrier,
    min(shipments.service) AS service,
    min(shipments.partner) AS partner,
    min(cases.case_reason) AS reason,
    min(
        least(
            CAST(
                floor(
                    date_diff(
                        'minute',
                        cases.requested_at,
                        least(coalesce(cases.paid_out_at, calendar.seen_at), calendar.seen_at)
                    ) / 1440.0
                ) AS INTEGER
            ),
            59
        )
    ) AS days_bin,
    1 AS asked_n,
    max(CASE WHEN cases.paid_out_at <= calendar.seen_at THEN 1 ELSE 0 END) AS refunded_n
FROM reverse_cases AS cases
JOIN calendar ON calendar.day = CAST(cases.requested_at AS DATE)
CROSS JOIN rules
LEFT JOIN shipments ON shipments.case_id = cases.case_id
    AND shipments.flow = 'return'
    AND calendar.seen_at >= shipments.known_at
    AND calendar.seen_at < shipments.replaced_at
WHERE cases.case_type = 'return'
    AND calendar.seen_at >= cases.known_at
    AND calendar.seen_at < cases.replaced_at
    AND cases.requested_at BETWEEN calendar.day AND calendar.seen_at
    AND (
        cases.paid_out_at <= calendar.seen_at
        OR (
            (
                cases.dropped_off_at <= calendar.seen_at
                OR cases.received_at <= calendar.seen_at
                OR cases.label_issued_at IS NULL
                OR CAST(cases.label_issued_at AS DATE) + rules.return_drop_days
                    >= CAST(calendar.seen_at AS DATE)
            )
            AND (cases.closed_at IS NULL OR cases.closed_at > calendar.seen_at)
        )
    )
GROUP BY calendar.week, calendar.seen_at, cases.case_id
