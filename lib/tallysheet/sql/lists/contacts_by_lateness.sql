-- One row a week, a carrier and how late: how many parcels were due, and how many contacts and claims did they
-- bring? Outbound parcels of the 13 weeks whose last contacts have had 14 days to come.
-- Late: working days of the destination from the promise to the first attempt, days where the country is not
-- known; never: not attempted yet. Of an order with several parcels the one that came last counts. Contacts: all
-- about the order since its label was made, else since its first scan; where: those that ask where the parcel is,
-- by the reason or by the customer's own words.
SELECT
    calendar.week,
    parcels.carrier,
    parcels.lateness,
    count(*) AS parcels_n,
    CAST(sum(coalesce(asked.contacts_n, 0)) AS BIGINT) AS contacts_n,
    CAST(sum(coalesce(asked.where_n, 0)) AS BIGINT) AS where_n,
    CAST(sum(coalesce(claimed.claims_n, 0)) AS BIGINT) AS claims_n
FROM (
    SELECT
        due.order_id,
        due.shipment_id,
        due.carrier,
        due.promised_date,
        coalesce(arrived.number - promised.number, due.arrived_on - due.promised_date) AS late_days,
        CASE
            WHEN due.arrived_on IS NULL THEN 'never'
            WHEN late_days <= 0 THEN 'on_time'
            WHEN late_days = 1 THEN 'one'
            WHEN late_days = 2 THEN 'two'
            WHEN late_days <= 4 THEN 'three'
            ELSE 'five'
        END AS lateness
    FROM (
        SELECT
            shipments.*,
            CAST(
                coalesce(first_attempt_at, delivered_at) + coalesce(there.utc_offset, INTERVAL 0 HOUR) AS DATE
            ) AS arrived_on,
            row_number() OVER (
                PARTITION BY order_id
                ORDER BY coalesce(first_attempt_at, delivered_at) DESC NULLS FIRST, shipment_id
            ) AS place
        FROM shipments
        CROSS JOIN look
        LEFT JOIN workdays AS there ON there.country = shipments.destination_country
            AND there.day = CAST(coalesce(first_attempt_at, delivered_at) AS DATE)
        WHERE flow = 'outbound'
            AND order_id IS NOT NULL
            AND first_scan_at IS NOT NULL
            AND promised_date BETWEEN look.first_day - 98 AND look.first_day - 8
    ) AS due
    LEFT JOIN workdays AS promised ON promised.country = due.destination_country
        AND promised.day = due.promised_date
    LEFT JOIN workdays AS arrived ON arrived.country = due.destination_country AND arrived.day = due.arrived_on
    WHERE due.place = 1
) AS parcels
JOIN calendar ON calendar.day = parcels.promised_date
LEFT JOIN (
    SELECT
        sent.order_id,
        count(*) AS contacts_n,
        sum(
            CASE
                WHEN contact_reason = 'WISMO' THEN 1
                WHEN subject LIKE '%arcel%' OR subject LIKE '%ackage%' THEN 1
                WHEN subject LIKE '%racking%' OR subject LIKE '%colis%' OR subject LIKE '%Colis%' THEN 1
                WHEN subject LIKE '%here is my order%' OR subject LIKE '%est ma commande%' THEN 1
                ELSE 0
            END
        ) AS where_n
    FROM care_contacts
    JOIN (
        SELECT order_id, min(coalesce(label_created_at, first_scan_at)) AS labelled_at
        FROM shipments
        WHERE flow = 'outbound'
        GROUP BY order_id
    ) AS sent ON sent.order_id = care_contacts.order_id AND sent.labelled_at <= care_contacts.opened_at
    GROUP BY sent.order_id
) AS asked ON asked.order_id = parcels.order_id
LEFT JOIN (SELECT shipment_id, count(*) AS claims_n FROM claims GROUP BY shipment_id) AS claimed
    ON claimed.shipment_id = parcels.shipment_id
GROUP BY calendar.week, parcels.carrier, parcels.lateness
ORDER BY calendar.week, parcels.carrier, parcels.lateness
