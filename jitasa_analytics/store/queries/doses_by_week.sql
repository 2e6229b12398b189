-- Injections by area and week (its Monday) from the cube, of one level ($level; country, province, district or
-- tambon) inside $head; dose 0 counts every dose, group 'all' every group; weeks that begin between two days.
SELECT area_code, week, CAST(sum(doses) AS BIGINT) AS doses
FROM dose_cube
WHERE digits = CASE $level WHEN 'country' THEN 0 WHEN 'province' THEN 2 WHEN 'district' THEN 4 ELSE 6 END
  AND ($head = '' OR starts_with(area_code, $head))
  AND ($dose = 0 OR dose_no = $dose) AND ($group = 'all' OR "group" = $group)
  AND week BETWEEN CAST($since AS DATE) AND CAST($upto AS DATE)
GROUP BY area_code, week
ORDER BY area_code, week
