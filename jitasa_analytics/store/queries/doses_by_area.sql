-- Injections by area and dose from the cube, of one level inside $head, in all weeks that begin by a day.
SELECT area_code, dose_no, CAST(sum(doses) AS BIGINT) AS doses
FROM dose_cube
WHERE digits = CASE $level WHEN 'country' THEN 0 WHEN 'province' THEN 2 WHEN 'district' THEN 4 ELSE 6 END
  AND ($head = '' OR starts_with(area_code, $head))
  AND ($group = 'all' OR "group" = $group) AND week <= CAST($upto AS DATE)
GROUP BY area_code, dose_no
ORDER BY area_code, dose_no
