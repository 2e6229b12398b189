-- Rows of the scope that lack something, by area; "of" is how many rows there are.
SELECT 'requests' AS dataset, 'no_position' AS "check", area_code, count(*) FILTER (lon IS NULL) AS found, count(*) AS "of"
FROM requests GROUP BY area_code
UNION ALL
SELECT 'requests', 'no_area', NULL, count(*) FILTER (area_code IS NULL), count(*) FROM requests
UNION ALL
SELECT 'requests', 'no_items', r.area_code, count(*) FILTER (i.request_id IS NULL), count(*)
FROM requests AS r LEFT JOIN (SELECT DISTINCT request_id FROM request_items) AS i ON r.request_id = i.request_id
WHERE EXISTS (SELECT 1 FROM request_items) GROUP BY r.area_code
UNION ALL
SELECT 'request_items', 'no_quantity', r.area_code, count(*) FILTER (i.quantity IS NULL), count(*)
FROM request_items AS i JOIN requests AS r ON i.request_id = r.request_id GROUP BY r.area_code
UNION ALL
SELECT 'volunteers', 'no_position', area_code, count(*) FILTER (lon IS NULL), count(*) FROM volunteers GROUP BY area_code
UNION ALL
SELECT 'places', 'no_people', area_code, count(*) FILTER (people IS NULL), count(*) FROM places
WHERE $head = '' OR starts_with(area_code, $head) GROUP BY area_code
UNION ALL
SELECT 'facilities', 'no_capacity', area_code,
       count(*) FILTER (capacity_per_day IS NULL AND beds_total IS NULL), count(*) FROM facilities
WHERE $head = '' OR starts_with(area_code, $head) GROUP BY area_code
UNION ALL
SELECT 'facilities', 'not_verified', area_code,
       count(*) FILTER (coalesce(verified_at < CAST($day AS DATE) - CAST($days AS INTEGER), true)), count(*)
FROM facilities WHERE $head = '' OR starts_with(area_code, $head) GROUP BY area_code
UNION ALL
SELECT 'officers', 'not_trained', area_code, count(*) FILTER (trained_on IS NULL), count(*) FROM officers
GROUP BY area_code
ORDER BY dataset, "check", area_code
