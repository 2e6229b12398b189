-- Facilities inside the scope ($head) of a kind ($kind; empty lets all pass) or that give its service.
SELECT facility_id, name, kind, status, capacity_per_day, beds_total, beds_free, opening_hours, verified_at, area_code,
       lon, lat, source
FROM facilities
WHERE starts_with(area_code, $head)
  AND ($kind = '' OR kind = $kind OR list_contains(string_split(CAST(services AS VARCHAR), ';'), $kind))
ORDER BY CASE status WHEN 'open' THEN 0 WHEN 'full' THEN 1 WHEN 'planned' THEN 2 ELSE 3 END, capacity_per_day DESC NULLS LAST,
         name, facility_id
