-- How long open requests of the scope ($head) wait, days until the newest day of the whole store ends (in Bangkok), and
-- how many wait longer than their urgency allows: critical 6 hours, high 24, normal 72, low 168, as in responses.
WITH newest AS (
    SELECT date_trunc('day', max("at") + INTERVAL 7 HOUR) + INTERVAL 17 HOUR AS now
    FROM (SELECT max(requested_at) AS "at" FROM requests UNION ALL SELECT max("at") FROM request_events)
), open AS (
    SELECT date_diff('minute', requested_at, now) / 1440.0 AS days,
           CASE urgency WHEN 'critical' THEN 6 WHEN 'high' THEN 24 WHEN 'normal' THEN 72 ELSE 168 END / 24.0 AS allowed
    FROM requests, newest
    WHERE starts_with(area_code, $head) AND status IN ('new', 'confirmed', 'assigned', 'on_the_way')
)
SELECT count(*) AS open, median(days) AS median_wait, max(days) AS oldest, count(*) FILTER (days > allowed) AS overdue
FROM open
