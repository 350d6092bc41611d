-- The shipping platform's export: one row a label, as it stands when the extract is taken.
SELECT
    file,
    draw,
    printf('P%09d', shipment) AS shipment_id,
    CASE WHEN "order" > 0 THEN printf('O%09d', "order") END AS order_id,
    CASE WHEN "case" > 0 THEN printf('C%09d', "case") END AS case_id,
    flow,
    carrier,
    tracking_number(carrier, shipment) AS tracking_number,
    service,
    label_source,
    nullif(seller, '') AS seller_id,
    nullif(partner, '') AS fulfilment_partner,
    origin AS origin_country,
    country AS destination_country,
    depot AS destination_depot,
    zone AS destination_zone,
    CASE WHEN flow = 'outbound' THEN 'buyer ' || shipment % 99991 END AS recipient_name,
    CASE WHEN flow = 'outbound' THEN 'buyer' || shipment % 99991 || '@mail.example' END AS recipient_email,
    weight_g AS weight_declared_g,
    known(label_at) AS label_created_at,
    known(declared_at) AS handover_declared_at,
    known(scan_at) AS first_scan_at,
    known(scan_at) IS NOT NULL AS hub_scanned,
    known(attempt_at) AS first_attempt_at,
    known(delivered_at) AS delivered_at,
    calendar(promised_day) AS promised_date,
    stamp(promised_at) AS promised_at,
    promise_rule AS promise_rule_version,
    CASE
        WHEN NOT is_used AND flow = 'outbound' THEN 'cancelled'
        WHEN known(delivered_at) IS NOT NULL THEN 'delivered'
        WHEN is_lost AND known(promised_at + 21600) IS NOT NULL THEN 'lost'
        ELSE 'in_transit'
    END AS status
FROM (FROM rows ORDER BY label_at, shipment)
