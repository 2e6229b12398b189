-- Requests that wait for help and were made by a day (Bangkok time), by category and urgency where asked.
SELECT request_id, area_code, lon, lat, people, urgency
FROM requests
WHERE list_contains($statuses, status)
  AND CAST(requested_at + INTERVAL 7 HOUR AS DATE) <= CAST($day AS DATE)
  AND ($urgency = '' OR urgency = $urgency)
  AND ($category = '' OR request_id IN (SELECT request_id FROM request_items WHERE category = $category))
ORDER BY request_id
