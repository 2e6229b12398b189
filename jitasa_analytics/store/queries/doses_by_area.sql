-- Injections by area and dose from the cubes, of one level inside $head, in all weeks that begin by a day. Of all
-- groups: the weeks of all groups together. Of one group: whole spans of sixteen weeks (from Monday 3 January 2000),
-- whole months of four weeks after them, and single weeks.
WITH ends AS (
    SELECT CAST($upto AS DATE) + 7 - DATE '2000-01-03' AS days
), edge AS (
    SELECT DATE '2000-01-03' + 112 * CAST(floor(days / 112) AS INTEGER) AS span,
           DATE '2000-01-03' + 28 * CAST(floor(days / 28) AS INTEGER) AS month
    FROM ends
), counted AS (
    SELECT digits, area_code, dose_no, doses
    FROM dose_total_cube
    WHERE $group = 'all' AND week <= CAST($upto AS DATE)
    UNION ALL
    SELECT digits, area_code, dose_no, doses
    FROM dose_span_cube
    WHERE $group <> 'all' AND "group" = $group AND span < (SELECT span FROM edge)
    UNION ALL
    SELECT digits, area_code, dose_no, doses
    FROM dose_month_cube
    WHERE $group <> 'all' AND "group" = $group AND month >= (SELECT span FROM edge) AND month < (SELECT month FROM edge)
    UNION ALL
    SELECT digits, area_code, dose_no, doses
    FROM dose_cube
    WHERE $group <> 'all' AND "group" = $group AND week >= (SELECT month FROM edge) AND week <= CAST($upto AS DATE)
)
SELECT area_code, dose_no, CAST(sum(doses) AS BIGINT) AS doses
FROM counted
WHERE digits = CASE $level WHEN 'country' THEN 0 WHEN 'province' THEN 2 WHEN 'district' THEN 4 ELSE 6 END
  AND ($head = '' OR starts_with(area_code, $head))
GROUP BY area_code, dose_no
ORDER BY area_code, dose_no
