-- Demand points whose area lies in the scope; a scope of '' is the whole country.
SELECT place_id, name, lon, lat, area_code, people, people_basis
FROM places
WHERE $head = '' OR starts_with(area_code, $head)
ORDER BY place_id
