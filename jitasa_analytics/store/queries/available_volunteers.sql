-- Volunteers who are available on a day.
SELECT volunteer_id, kind, skills, equipment, area_code, lon, lat, coalesce(capacity_per_day, 1.0) AS capacity
FROM volunteers
WHERE coalesce(available_from <= CAST($day AS DATE), true) AND coalesce(available_to >= CAST($day AS DATE), true)
ORDER BY volunteer_id
