-- One row a strike, spell of weather or closure of the event log that no carrier has to itself.
SELECT
    kind,
    starts_on,
    coalesce(ends_on, starts_on) AS ends_on,
    coalesce(country, '') AS country
FROM event_log
WHERE kind IN ('strike', 'weather', 'closure')
    AND carrier IS NULL
ORDER BY starts_on, kind, country
