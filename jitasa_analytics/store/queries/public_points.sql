-- Where requests came from, by month (Bangkok time); leaves the program only as hexagons.
SELECT strftime(requested_at + INTERVAL 7 HOUR, '%Y-%m') AS month, lon, lat
FROM requests
WHERE lon IS NOT NULL AND lat IS NOT NULL AND status <> 'duplicate'
ORDER BY ALL
