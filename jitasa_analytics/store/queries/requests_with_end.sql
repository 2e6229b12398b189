-- Requests of the scope that were made by a moment, with the moment they ended where an event says so; duplicates
-- and those withdrawn are no requests. ``last_at``: the newest event.
SELECT r.request_id, r.area_code, r.requested_at, coalesce(r.urgency, 'normal') AS urgency, r.status, r.people,
       min(e."at") FILTER (e.status IN ('helped', 'not_helped') AND e."at" >= r.requested_at) AS closed_at,
       max(e."at") AS last_at
FROM requests AS r LEFT JOIN request_events AS e ON r.request_id = e.request_id
WHERE r.status NOT IN ('duplicate', 'withdrawn') AND r.requested_at <= CAST($as_of AS TIMESTAMP)
  AND ($category = '' OR r.request_id IN (SELECT request_id FROM request_items WHERE category = $category))
GROUP BY ALL
ORDER BY r.request_id
