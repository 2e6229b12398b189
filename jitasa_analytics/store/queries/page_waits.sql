-- How long open requests of the scope ($head) wait, days before the newest request of the whole store, and how many
-- wait longer than their urgency allows: critical 1 day, high 3, normal 7, low 14.
WITH newest AS (
    SELECT max(requested_at) AS now FROM requests
), open AS (
    SELECT date_diff('hour', requested_at, now) / 24.0 AS days,
           CASE urgency WHEN 'critical' THEN 1 WHEN 'high' THEN 3 WHEN 'normal' THEN 7 ELSE 14 END AS allowed
    FROM requests, newest
    WHERE starts_with(area_code, $head) AND status IN ('new', 'confirmed', 'assigned', 'on_the_way')
)
SELECT count(*) AS open, median(days) AS median_wait, max(days) AS oldest, count(*) FILTER (days > allowed) AS overdue
FROM open
