-- Injections by area of residence and day, up to a day; dose 0 counts every dose, group 'all' every group.
SELECT area_code, date AS as_of, count(*) AS given
FROM doses
WHERE ($dose = 0 OR dose_no = $dose) AND ($group = 'all' OR "group" = $group) AND date <= CAST($upto AS DATE)
GROUP BY area_code, date
ORDER BY area_code, date
