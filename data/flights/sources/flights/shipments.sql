-- One row a scheduled departure. Times are HHMM without a day of arrival: the day is found as the
-- first on which the scheduled arrival lies after the scheduled departure. BQN, PSE, SJU and STT have
-- no zone in airports.csv, so their clock times are compared as they stand and stay local.
WITH scheduled AS (
    SELECT
        flights.*,
        airports.tzone AS zone,
        make_date(CAST(year AS BIGINT), CAST(month AS BIGINT), CAST(day AS BIGINT)) AS departure_date,
        CAST(hour AS BIGINT) * 60 + CAST(minute AS BIGINT) AS departure_min,
        CAST(sched_arr_time AS BIGINT) // 100 * 60 + CAST(sched_arr_time AS BIGINT) % 100 AS arrival_min,
        TRY_CAST(dep_delay AS BIGINT) AS dep_delay_min,
        TRY_CAST(arr_delay AS BIGINT) AS arr_delay_min
    FROM flights
    LEFT JOIN airports ON airports.faa = flights.dest
),

local AS (
    SELECT
        *,
        departure_date + to_minutes(departure_min) AS departs_local,
        departure_date + to_minutes(arrival_min) AS arrives_local
    FROM scheduled
),

placed AS (
    SELECT
        *,
        timezone('UTC', timezone('America/New_York', departs_local)) AS departs_at,
        CASE
            WHEN zone IS NULL THEN
                CASE WHEN arrives_local > departs_local THEN arrives_local ELSE arrives_local + INTERVAL 1 DAY END
            WHEN timezone(zone, arrives_local) > timezone('America/New_York', departs_local) THEN
                timezone('UTC', timezone(zone, arrives_local))
            ELSE timezone('UTC', timezone(zone, arrives_local + INTERVAL 1 DAY))
        END AS arrives_at
    FROM local
)

SELECT
    line,
    concat_ws('-', departure_date, lpad(sched_dep_time, 4, '0'), carrier, flight, origin) AS shipment_id,
    'outbound' AS flow,
    carrier,
    origin,
    dest AS destination,
    'US' AS origin_country,
    zone AS destination_zone,
    departs_at + to_minutes(dep_delay_min) AS first_scan_at,
    arrives_at + to_minutes(arr_delay_min) AS delivered_at,
    departure_date AS promised_date,
    -- Less than 15 minutes late, in whole minutes.
    arrives_at + INTERVAL 14 MINUTE AS promised_at,
    CASE
        WHEN arr_delay_min IS NOT NULL THEN 'delivered'
        WHEN dep_time IS NULL THEN 'cancelled'
        ELSE 'diverted'
    END AS status
FROM placed
