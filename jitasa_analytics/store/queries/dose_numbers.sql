-- Which doses were injected up to a day, of some groups ($groups, a list); group 'all' stands for every one.
SELECT DISTINCT dose_no
FROM doses
WHERE (list_contains($groups, 'all') OR list_contains($groups, "group")) AND date <= CAST($upto AS DATE)
ORDER BY dose_no
