-- Injections by area (of every level), week (its Monday) and dose, of all groups together, in the order of weeks: what
-- questions about everybody up to a day read.
SELECT digits, week, area_code, dose_no, CAST(sum(doses) AS BIGINT) AS doses
FROM $rows.dose_cube
GROUP BY ALL
ORDER BY digits, week, area_code, dose_no
