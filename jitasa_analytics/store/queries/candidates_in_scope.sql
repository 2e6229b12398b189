-- Candidate sites whose area lies in the scope; a scope of '' is the whole country.
SELECT candidate_id, name, kind, lon, lat, area_code, capacity_per_day, cost
FROM candidates
WHERE $head = '' OR starts_with(area_code, $head)
ORDER BY candidate_id
