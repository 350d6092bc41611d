-- One row a trade-in that reached the carrier in the week: how many days until the customer is paid?
-- A payment that is still to come counts as open until seen_at; 59 stands for 59 days and more. What was
-- closed without payment, such as a device sent back, is out of it. Carrier, service and country are its
-- parcel's.
SELECT
    calendar.week,
    calendar.seen_at,
    min(shipments.origin_country) AS origin_country,
    min(shipments.carrier) AS carrier,
    min(shipments.service) AS service,
    min(shipments.partner) AS partner,
    min(
        least(
            CAST(
                floor(
                    date_diff(
                        'minute',
                        cases.dropped_off_at,
                        least(coalesce(cases.paid_out_at, calendar.seen_at), calendar.seen_at)
                    ) / 1440.0
                ) AS INTEGER
            ),
            59
        )
    ) AS days_bin,
    1 AS dropped_n,
    max(CASE WHEN cases.paid_out_at <= calendar.seen_at THEN 1 ELSE 0 END) AS paid_n
FROM reverse_cases AS cases
JOIN calendar ON calendar.day = CAST(cases.dropped_off_at AS DATE)
LEFT JOIN shipments ON shipments.case_id = cases.case_id
    AND shipments.flow = 'trade_in'
    AND calendar.seen_at >= shipments.known_at
    AND calendar.seen_at < shipments.replaced_at
WHERE cases.case_type = 'trade_in'
    AND calendar.seen_at >= cases.known_at
    AND calendar.seen_at < cases.replaced_at
    AND cases.dropped_off_at BETWEEN calendar.day AND calendar.seen_at
    AND (
        cases.paid_out_at <= calendar.seen_at
        OR cases.closed_at IS NULL
        OR cases.closed_at > calendar.seen_at
    )
GROUP BY calendar.week, calendar.seen_at, cases.case_id
