-- Volunteers inside the scope ($head).
SELECT volunteer_id, kind, skills, equipment, capacity_per_day, area_code, lon, lat
FROM volunteers
WHERE starts_with(area_code, $head)
ORDER BY volunteer_id
