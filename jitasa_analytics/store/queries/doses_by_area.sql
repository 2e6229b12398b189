-- Injections by area and dose from the cubes, of one level inside $head, in all weeks that begin by a day: whole
-- spans of sixteen weeks (from Monday 3 January 2000), and the weeks of the span that the day lies in.
WITH counted AS (
    SELECT digits, area_code, dose_no, "group", doses
    FROM dose_span_cube
    WHERE span < DATE '2000-01-03' + 112 * CAST(floor((CAST($upto AS DATE) + 7 - DATE '2000-01-03') / 112) AS INTEGER)
    UNION ALL
    SELECT digits, area_code, dose_no, "group", doses
    FROM dose_cube
    WHERE week >= DATE '2000-01-03' + 112 * CAST(floor((CAST($upto AS DATE) + 7 - DATE '2000-01-03') / 112) AS INTEGER)
      AND week <= CAST($upto AS DATE)
)
SELECT area_code, dose_no, CAST(sum(doses) AS BIGINT) AS doses
FROM counted
WHERE digits = CASE $level WHEN 'country' THEN 0 WHEN 'province' THEN 2 WHEN 'district' THEN 4 ELSE 6 END
  AND ($head = '' OR starts_with(area_code, $head))
  AND ($group = 'all' OR "group" = $group)
GROUP BY area_code, dose_no
ORDER BY area_code, dose_no
