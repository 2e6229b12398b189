-- People of a group on a basis, by area and year.
SELECT area_code, year, sum(people) AS people
FROM population
WHERE "group" = $group AND basis = $basis AND people IS NOT NULL AND ($head = '' OR starts_with(area_code, $head))
GROUP BY area_code, year
ORDER BY area_code, year
