-- The fulfilment partners' export: one row a job.
SELECT
    file,
    draw,
    CASE kind WHEN 'inbound' THEN 'I' ELSE 'D' END || printf('%09d', shipment) AS job_id,
    partner,
    kind,
    known(released_at) AS released_at,
    stamp(cut_off_at) AS cut_off_at,
    known(dispatched_at) AS dispatched_at,
    known(dock_in_at) AS dock_in_at,
    known(stocked_at) AS stocked_at,
    lines,
    lines_wrong,
    euros(fee_cents) AS fee,
    'EUR' AS currency
FROM rows
ORDER BY released_at, job_id
