-- Invoice lines of a carrier: one invoice a day; amounts in the currency of the lane, without VAT.
SELECT
    file,
    draw,
    carrier || '-' || strftime(calendar(invoice_day), '%Y%m%d') AS invoice_id,
    line_number,
    dmy(invoice_day) AS invoice_date,
    carrier,
    tracking_number(carrier, shipment) AS tracking_number,
    dmy(ship_day) AS ship_date,
    charge AS charge_type,
    comma(amount_cents) AS amount,
    CASE tagged WHEN '' THEN currency ELSE tagged END AS currency,
    weight_billed_g AS billed_weight,
    lane AS zone
FROM (
    SELECT
        *,
        row_number() OVER (PARTITION BY invoice_day, carrier ORDER BY shipment, charge, amount_cents) AS line_number
    FROM rows
    WHERE invoice_day * 1440 <= getvariable('now')
    ORDER BY invoice_day, carrier, line_number
)
