-- Requests inside the scope ($head) that pass the filters; an empty filter lets all pass.
-- $state: waiting, being_helped, open (both) or all; a category passes where any item has it.
WITH wanted AS (
    SELECT request_id, string_agg(DISTINCT category, ';' ORDER BY category) AS category
    FROM request_items
    GROUP BY request_id
    HAVING $category = '' OR bool_or(category = $category)
)
SELECT r.request_id, r.requested_at, r.urgency, r.status, r.people, w.category, r.area_code, r.lon, r.lat,
       CASE WHEN r.status IN ('new', 'confirmed') THEN 'waiting'
            WHEN r.status IN ('assigned', 'on_the_way') THEN 'being_helped'
            ELSE 'closed' END AS state
FROM requests r
LEFT JOIN wanted w USING (request_id)
WHERE starts_with(r.area_code, $head)
  AND ($category = '' OR w.request_id IS NOT NULL)
  AND ($urgency = '' OR r.urgency = $urgency)
  AND CASE $state
        WHEN 'waiting' THEN r.status IN ('new', 'confirmed')
        WHEN 'being_helped' THEN r.status IN ('assigned', 'on_the_way')
        WHEN 'all' THEN true
        ELSE r.status IN ('new', 'confirmed', 'assigned', 'on_the_way') END
ORDER BY CASE r.urgency WHEN 'critical' THEN 0 WHEN 'high' THEN 1 WHEN 'normal' THEN 2 ELSE 3 END,
         r.requested_at, r.request_id
