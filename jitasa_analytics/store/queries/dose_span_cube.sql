-- Injections by area (of every level), span of sixteen weeks (its first Monday), dose and group, in the order of spans:
-- what questions about many weeks at once read instead of each week. Counted from Monday 3 January 2000.
SELECT digits, DATE '2000-01-03' + 112 * CAST(floor((week - DATE '2000-01-03') / 112) AS INTEGER) AS span, area_code,
       dose_no, "group", CAST(sum(doses) AS BIGINT) AS doses
FROM $rows.dose_cube
GROUP BY ALL
ORDER BY digits, span, area_code, dose_no, "group"
