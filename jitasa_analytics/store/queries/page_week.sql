-- Requests of the last seven days (Bangkok's, up to the newest request of the scope) and of the seven before.
WITH days AS (
    SELECT CAST(requested_at + INTERVAL 7 HOUR AS DATE) AS day, urgency FROM requests WHERE starts_with(area_code, $head)
), newest AS (
    SELECT max(day) AS last_day FROM days
)
SELECT last_day,
       count(*) FILTER (day > last_day - 7) AS week,
       count(*) FILTER (day > last_day - 14 AND day <= last_day - 7) AS week_before,
       count(*) FILTER (urgency = 'critical' AND day > last_day - 7) AS critical_week,
       count(*) FILTER (urgency = 'critical' AND day > last_day - 14 AND day <= last_day - 7) AS critical_week_before
FROM days, newest
GROUP BY last_day
