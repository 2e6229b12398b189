-- Open facilities with a free bed that was not given away, the nearest to a point ($lon, $lat) first.
SELECT f.facility_id, f.name, f.kind, f.area_code, f.lon, f.lat,
       CAST(f.beds_free - coalesce(g.n, 0) AS BIGINT) AS beds_left
FROM facilities f
LEFT JOIN (
    SELECT e.facility_id, count(DISTINCT e.request_id) AS n
    FROM request_events e JOIN requests r USING (request_id)
    WHERE e.facility_id IS NOT NULL AND e.vehicle IS NULL
      AND r.status IN ('new', 'confirmed', 'assigned', 'on_the_way')
    GROUP BY e.facility_id
) g USING (facility_id)
WHERE f.status = 'open' AND f.beds_free - coalesce(g.n, 0) >= 1
ORDER BY power((f.lon - $lon) * cos(radians($lat)), 2) + power(f.lat - $lat, 2), f.facility_id
LIMIT $most
