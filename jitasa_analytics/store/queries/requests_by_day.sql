-- Requests by area, day (Bangkok's) and status from the cube, of one level inside $head; category '' counts every
-- request once.
SELECT area_code, day, status, CAST(sum(requests) AS BIGINT) AS requests, CAST(sum(people) AS BIGINT) AS people
FROM request_cube
WHERE digits = CASE $level WHEN 'country' THEN 0 WHEN 'province' THEN 2 WHEN 'district' THEN 4 ELSE 6 END
  AND ($head = '' OR starts_with(area_code, $head)) AND category = $category
GROUP BY area_code, day, status
ORDER BY area_code, day, status
