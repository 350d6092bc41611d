-- One row a parcel that was lost or damaged: was it claimed within the carrier's deadline?
-- Lost: scanned, and not arrived so many days after the promise; in the week of the promise. Damaged: a
-- contact or a claim says so; in the week of delivery, outbound only, as nobody writes to Care of others.
-- The deadline of the carrier's terms runs from that day. Settled: claimed, or the deadline is over.
SELECT
    calendar.week,
    calendar.seen_at,
    parcels.event,
    MIN(parcels.carrier) AS carrier,
    MIN(parcels.flow) AS flow,
    MIN(parcels.label_source) AS label_source,
    MIN(parcels.seller) AS seller,
    1 AS events_n,
    MAX(CASE WHEN CAST(claims.opened_at AS DATE) <= calendar.day + terms.days THEN 1 ELSE 0 END) AS claimed_n,
    MAX(
        CASE
            WHEN CAST(claims.opened_at AS DATE) <= calendar.day + terms.days THEN 1
            WHEN calendar.day + terms.days < CAST(calendar.seen_at AS DATE) THEN 1
            ELSE 0
        END
    ) AS settled_n
FROM (
    SELECT
        *,
        promised_date + lost_after_days AS lost_day,
        CASE
            WHEN CAST(coalesce(first_attempt_at, delivered_at) AS DATE) < promised_date + lost_after_days
                THEN 'damaged'
            ELSE 'lost'
        END AS event
    FROM shipments
    CROSS JOIN rules
) AS parcels
JOIN calendar
    ON calendar.day
    = CASE parcels.event WHEN 'lost' THEN parcels.promised_date ELSE CAST(parcels.delivered_at AS DATE) END
LEFT JOIN care_contacts AS contacts
    ON contacts.order_id = parcels.order_id
    AND contacts.contact_reason = 'damaged'
    AND contacts.opened_at >= parcels.delivered_at
    AND calendar.seen_at >= contacts.known_at AND calendar.seen_at < contacts.replaced_at
LEFT JOIN claims
    ON claims.shipment_id = parcels.shipment_id
    AND calendar.seen_at >= claims.known_at AND calendar.seen_at < claims.replaced_at
JOIN (SELECT *, CAST(claim_deadline_days AS INTEGER) AS days FROM contract_terms) AS terms
    ON terms.carrier = parcels.carrier
    AND calendar.day BETWEEN terms.valid_from AND coalesce(terms.valid_to, DATE '9999-12-31')
    AND calendar.seen_at >= terms.known_at AND calendar.seen_at < terms.replaced_at
WHERE calendar.seen_at >= parcels.known_at AND calendar.seen_at < parcels.replaced_at
    AND CASE parcels.event
        WHEN 'lost' THEN CAST(parcels.first_scan_at AS DATE) < parcels.lost_day
            AND parcels.lost_day <= CAST(calendar.seen_at AS DATE)
        ELSE parcels.delivered_at <= calendar.seen_at
            AND parcels.flow = 'outbound'
            AND (contacts.contact_id IS NOT NULL OR claims.claim_type = 'damaged')
    END
GROUP BY calendar.week, calendar.seen_at, parcels.event, parcels.shipment_id
