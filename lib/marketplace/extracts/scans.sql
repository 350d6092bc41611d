-- The tracking hub's export: one row a message of a carrier, in the order in which they came.
SELECT
    file,
    draw,
    carrier,
    tracking_number(carrier, shipment) AS tracking_number,
    moment(event_at) AS event_at,
    carrier || ['10', '20', '41', '52', '60'][place + 1] AS event_code,
    ['Parcel accepted', 'Processed at hub', 'Nobody at home', 'Ready for pick-up', 'Delivered'][place + 1] AS event_text,
    CASE place WHEN 0 THEN NULL ELSE depot END AS depot,
    moment(received_at) AS received_at
FROM (FROM rows WHERE received_at <= getvariable('now') ORDER BY received_at, shipment, place)
