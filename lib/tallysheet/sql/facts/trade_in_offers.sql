-- One row a trade-in whose offer was accepted in the week: did the device get to the carrier?
-- Dropped: within rules.trade_in_drop_days, the days that an offer is good, counted in days of the calendar.
-- Ended: dropped off, or the time is over. Carrier, service and country are its parcel's.
SELECT
    calendar.week,
    calendar.seen_at,
    min(shipments.origin_country) AS origin_country,
    min(shipments.carrier) AS carrier,
    min(shipments.service) AS service,
    min(shipments.partner) AS partner,
    1 AS offers_n,
    max(
        CASE
            WHEN cases.dropped_off_at <= calendar.seen_at
                AND CAST(cases.dropped_off_at AS DATE) <= calendar.day + rules.trade_in_drop_days THEN 1
            ELSE 0
        END
    ) AS dropped_n,
    max(
        CASE
            WHEN cases.dropped_off_at <= calendar.seen_at
                OR CAST(calendar.seen_at AS DATE) > calendar.day + rules.trade_in_drop_days THEN 1
            ELSE 0
        END
    ) AS ended_n
FROM reverse_cases AS cases
JOIN calendar ON calendar.day = CAST(cases.requested_at AS DATE)
CROSS JOIN rules
LEFT JOIN shipments ON shipments.case_id = cases.case_id
    AND shipments.flow = 'trade_in'
    AND calendar.seen_at >= shipments.known_at
    AND calendar.seen_at < shipments.replaced_at
WHERE cases.case_type = 'trade_in'
    AND calendar.seen_at >= cases.known_at
    AND calendar.seen_at < cases.replaced_at
    AND calendar.seen_at >= cases.requested_at
GROUP BY calendar.week, calendar.seen_at, cases.case_id
