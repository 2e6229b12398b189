-- Injections by area (of every level), week (its Monday), dose and group.
-- Digits 0 is the country. An injection whose area is known to the district only counts there and above.
WITH counted AS (
    SELECT area_code, CAST(date_trunc('week', date) AS DATE) AS week, dose_no, "group", count(*) AS doses
    FROM $rows.doses
    GROUP BY ALL
)
SELECT digits, CASE digits WHEN 0 THEN 'TH' ELSE left(area_code, digits) END AS area_code, week, dose_no, "group",
       CAST(sum(doses) AS BIGINT) AS doses
FROM counted, (VALUES (0), (2), (4), (6)) AS levels (digits)
WHERE digits = 0 OR (area_code <> 'TH' AND length(area_code) >= digits)
GROUP BY ALL
ORDER BY digits, area_code, week, dose_no, "group"
