-- Injections by area (of every level), four weeks (their first Monday), dose and group, in the order of these months:
-- between the spans of sixteen weeks and a day they leave three single weeks at most to be read. Counted from Monday
-- 3 January 2000.
SELECT digits, DATE '2000-01-03' + 28 * CAST(floor((week - DATE '2000-01-03') / 28) AS INTEGER) AS month, area_code,
       dose_no, "group", CAST(sum(doses) AS BIGINT) AS doses
FROM $rows.dose_cube
GROUP BY ALL
ORDER BY digits, month, area_code, dose_no, "group"
