-- Injections by area (of every level), week (its Monday), dose and group.
-- Digits 0 is the country. An injection whose area is known to the district only counts there and above.
-- Each level is counted from the one below, which is far smaller than the rows.
WITH finest AS MATERIALIZED (
    SELECT left(area_code, 6) AS area_code, CAST(date_trunc('week', date) AS DATE) AS week, dose_no, "group",
           count(*) AS doses
    FROM $rows.doses
    GROUP BY ALL
), districts AS MATERIALIZED (
    SELECT left(area_code, 4) AS area_code, week, dose_no, "group", sum(doses) AS doses FROM finest GROUP BY ALL
), provinces AS MATERIALIZED (
    SELECT left(area_code, 2) AS area_code, week, dose_no, "group", sum(doses) AS doses FROM districts GROUP BY ALL
), every_level AS (
    SELECT 0 AS digits, 'TH' AS area_code, week, dose_no, "group", sum(doses) AS doses FROM provinces GROUP BY ALL
    UNION ALL SELECT 2, area_code, week, dose_no, "group", doses FROM provinces WHERE area_code <> 'TH'
    UNION ALL SELECT 4, area_code, week, dose_no, "group", doses FROM districts WHERE length(area_code) >= 4
    UNION ALL SELECT 6, area_code, week, dose_no, "group", doses FROM finest WHERE length(area_code) >= 6
)
SELECT digits, area_code, week, dose_no, "group", CAST(doses AS BIGINT) AS doses
FROM every_level
ORDER BY digits, area_code, week, dose_no, "group"
