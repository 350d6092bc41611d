-- Customer Care's export: one row a contact, times as the clock in Paris shows them.
SELECT
    file,
    draw,
    'T' || file || printf('-%07d', row_number() OVER (PARTITION BY file ORDER BY opened_at, shipment, reason)) AS contact_id,
    CASE WHEN knows_order AND "order" > 0 THEN printf('O%09d', "order") END AS order_id,
    nullif(seller, '') AS seller_id,
    channel,
    reason AS contact_reason,
    paris(opened_at) AS opened_at,
    paris(replied_at) AS first_reply_at,
    paris(resolved_at) AS resolved_at,
    reopened,
    touches,
    CASE true_reason
        WHEN 'WISMO' THEN ['Where is my parcel?', 'parcel still not here', 'Tracking has not moved', 'où est mon colis'][words + 1]
        WHEN 'WISMR' THEN ['Where is my refund?', 'no refund yet', 'Refund', 'remboursement ?'][words + 1]
        WHEN 'payout' THEN ['When do I get paid', 'payout missing', 'trade-in money', 'mon paiement'][words + 1]
        ELSE ['Question about my order', 'Help please', 'order', 'une question, merci'][words + 1]
    END || CASE shipment % 50
        WHEN 0 THEN ', call me on +33 6 12 34 ' || printf('%02d %02d', shipment % 97, shipment % 89)
        ELSE ''
    END AS subject,
    CASE WHEN csat > 0 AND known(resolved_at) IS NOT NULL THEN csat END AS csat,
    CASE WHEN by_seller THEN 'seller' ELSE 'bm_care' END AS handled_by
FROM rows
ORDER BY contact_id
