-- Requests by month (Bangkok time), district and what they ask for; one that asks for several things counts once.
WITH asked AS (
    SELECT request_id, CASE WHEN count(DISTINCT category) = 1 THEN min(category) ELSE 'several' END AS category
    FROM request_items
    GROUP BY request_id
)
SELECT strftime(r.requested_at + INTERVAL 7 HOUR, '%Y-%m') AS month, substr(r.area_code, 1, 4) AS area_code,
       coalesce(a.category, 'other') AS category, count(*) AS n
FROM requests r
LEFT JOIN asked a USING (request_id)
WHERE length(r.area_code) >= 4 AND r.status <> 'duplicate'
GROUP BY ALL
ORDER BY ALL
