-- Where requests came from, by month (Bangkok time) and H3 cell; leaves the program only as hexagons that hold enough.
SELECT strftime(requested_at + INTERVAL 7 HOUR, '%Y-%m') AS month, h3, count(*) AS n
FROM requests
WHERE h3 IS NOT NULL AND status <> 'duplicate'
GROUP BY ALL
ORDER BY ALL
