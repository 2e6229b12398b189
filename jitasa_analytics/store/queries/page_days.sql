-- Requests of each day (Bangkok's) inside the scope ($head), days without any included, and their seven-day mean.
WITH counted AS (
    SELECT day, CAST(sum(requests) AS BIGINT) AS requests
    FROM request_cube
    WHERE digits = own_digits($head) AND starts_with(area_code, $head) AND category = ''
    GROUP BY day
), days AS (
    SELECT CAST(unnest(generate_series(min(day), max(day), INTERVAL 1 DAY)) AS DATE) AS day FROM counted
)
SELECT d.day, coalesce(c.requests, 0) AS requests,
       avg(coalesce(c.requests, 0)) OVER (ORDER BY d.day ROWS 6 PRECEDING) AS mean_7_days
FROM days d
LEFT JOIN counted c USING (day)
ORDER BY d.day
