-- The requests of the scope that pass the filters ($wanted states; an empty filter lets all pass; $hours: waiting at
-- least so long at $now), the most urgent and oldest first, $most of them, with the numbers of all that pass.
WITH asked AS (
    SELECT request_id, list(DISTINCT category ORDER BY category) AS categories FROM request_items GROUP BY request_id
)
SELECT r.request_id, r.requested_at, r.urgency, r.status, r.people, r.lon, r.lat, r.area_code,
       coalesce(a.categories, CAST([] AS VARCHAR[])) AS categories,
       CASE WHEN r.status IN ('new', 'confirmed') THEN 'waiting'
            WHEN r.status IN ('assigned', 'on_the_way') THEN 'being_helped'
            ELSE 'closed' END AS state,
       greatest(0, date_diff('minute', r.requested_at, CAST($now AS TIMESTAMP))) AS minutes,
       count(*) OVER () AS n_found,
       count(*) FILTER (r.status IN ('new', 'confirmed')) OVER () AS n_waiting,
       count(*) FILTER (r.status IN ('assigned', 'on_the_way')) OVER () AS n_being_helped,
       count(*) FILTER (r.urgency = 'critical' AND r.status IN ('new', 'confirmed')) OVER () AS n_critical
FROM requests r LEFT JOIN asked a USING (request_id)
WHERE list_contains($wanted, r.status)
  AND ($urgency = '' OR r.urgency = $urgency)
  AND ($category = '' OR list_contains(a.categories, $category))
  AND ($hours = 0 OR date_diff('minute', r.requested_at, CAST($now AS TIMESTAMP)) >= 60 * $hours)
ORDER BY CASE r.urgency WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'normal' THEN 2 ELSE 3 END,
         r.requested_at, r.request_id
LIMIT $most
