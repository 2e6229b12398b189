-- Requests made from one day to another (Bangkok time); duplicates and those withdrawn are no requests.
SELECT request_id, area_code, lon, lat, people, urgency, status, requested_at
FROM requests
WHERE status NOT IN ('duplicate', 'withdrawn')
  AND CAST(requested_at + INTERVAL 7 HOUR AS DATE) BETWEEN CAST($first AS DATE) AND CAST($last AS DATE)
ORDER BY request_id
