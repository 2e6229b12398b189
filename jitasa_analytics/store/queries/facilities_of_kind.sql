-- Facilities that are of a kind or give its service, wherever they lie; whether each is open on a day.
SELECT facility_id, name, kind, lon, lat, area_code, capacity_per_day, beds_total, beds_free, staff,
       coalesce(status, 'open') = 'open'
           AND coalesce(opened <= CAST($today AS DATE), true)
           AND coalesce(closed > CAST($today AS DATE), true) AS is_open
FROM facilities
WHERE kind = $service OR list_contains(string_split(replace(coalesce(services, ''), ' ', ''), ';'), $service)
ORDER BY facility_id
