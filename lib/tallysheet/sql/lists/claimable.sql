-- One row a parcel that was lost or damaged, as claimable_events counts them: what is it worth, what is paid at
-- most, until when can it be claimed, and has it been? Of the last 200 days.
-- Worth: all lines of its order, or the offer for a trade-in; in euro at the year's rates. Where it is not
-- known, the carrier's limit stands for it.
SELECT
    events.shipment_id,
    events.event,
    events.carrier,
    events.flow,
    events.seller,
    events.label_source,
    events.origin_country || '-' || events.destination_country AS lane,
    events.happened_on,
    events.happened_on + terms.days AS last_day,
    coalesce(sold.cents, cases.cents) AS value_cents,
    terms.limit_cents,
    coalesce(claimed.claims_n, 0) AS claims_n
FROM (
    SELECT
        parcels.*,
        CASE WHEN parcels.is_lost THEN 'lost' ELSE 'damaged' END AS event,
        CASE WHEN parcels.is_lost THEN parcels.promised_date ELSE CAST(parcels.delivered_at AS DATE) END
            AS happened_on
    FROM (
        SELECT
            shipments.*,
            look.seen_on,
            coalesce(
                CAST(coalesce(first_attempt_at, delivered_at) AS DATE) >= promised_date + rules.lost_after_days,
                promised_date + rules.lost_after_days <= look.seen_on
            ) AND CAST(first_scan_at AS DATE) < promised_date + rules.lost_after_days AS is_lost
        FROM shipments
        CROSS JOIN rules
        CROSS JOIN look
        WHERE shipments.promised_date >= look.seen_on - 200
    ) AS parcels
    LEFT JOIN (
        SELECT order_id, max(opened_at) AS told_at
        FROM care_contacts
        WHERE contact_reason = 'damaged'
        GROUP BY order_id
    ) AS told ON told.order_id = parcels.order_id AND told.told_at >= parcels.delivered_at
    LEFT JOIN (SELECT DISTINCT shipment_id FROM claims WHERE claim_type = 'damaged') AS harmed
        ON harmed.shipment_id = parcels.shipment_id
    WHERE parcels.is_lost
        OR (
            parcels.flow = 'outbound'
            AND parcels.delivered_at IS NOT NULL
            AND (told.order_id IS NOT NULL OR harmed.shipment_id IS NOT NULL)
        )
) AS events
JOIN (
    SELECT
        carrier,
        valid_from,
        coalesce(valid_to, DATE '9999-12-31') AS valid_to,
        CAST(claim_deadline_days AS INTEGER) AS days,
        CAST(round(liability_limit_cents / euro_rate) AS BIGINT) AS limit_cents
    FROM contract_terms
    LEFT JOIN euro_rates ON euro_rates.currency = contract_terms.currency
) AS terms
    ON terms.carrier = events.carrier
    AND events.happened_on BETWEEN terms.valid_from AND terms.valid_to
LEFT JOIN (
    SELECT order_id, CAST(sum(round(item_value_cents / euro_rate)) AS BIGINT) AS cents
    FROM orders
    JOIN euro_rates ON euro_rates.currency = orders.currency
    GROUP BY order_id
) AS sold ON sold.order_id = events.order_id
LEFT JOIN (
    SELECT case_id, CAST(round(offer_value_cents / euro_rate) AS BIGINT) AS cents
    FROM reverse_cases
    JOIN euro_rates ON euro_rates.currency = reverse_cases.currency
) AS cases ON cases.case_id = events.case_id
LEFT JOIN (SELECT shipment_id, count(*) AS claims_n FROM claims GROUP BY shipment_id) AS claimed
    ON claimed.shipment_id = events.shipment_id
ORDER BY events.shipment_id
