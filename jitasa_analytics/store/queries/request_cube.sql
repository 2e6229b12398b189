-- Requests by area (of every level), day (Bangkok's), category, status and urgency.
-- Category '' counts every request once; a request that asks for two categories counts in each of them.
-- Digits 0 is the country. A request whose area is known to the district only counts there and above.
WITH asked AS (
    SELECT request_id, '' AS category FROM $rows.requests
    UNION ALL
    SELECT DISTINCT request_id, category FROM $rows.request_items
), counted AS (
    SELECT r.area_code, CAST(r.requested_at + INTERVAL 7 HOUR AS DATE) AS day, a.category, r.status, r.urgency,
           count(*) AS requests, sum(r.people) AS people, max(r.requested_at) AS last_at
    FROM $rows.requests AS r JOIN asked AS a USING (request_id)
    GROUP BY ALL
)
SELECT digits, CASE digits WHEN 0 THEN 'TH' ELSE left(area_code, digits) END AS area_code, day, category, status,
       urgency, CAST(sum(requests) AS BIGINT) AS requests, CAST(sum(people) AS BIGINT) AS people,
       max(last_at) AS last_at
FROM counted, (VALUES (0), (2), (4), (6)) AS levels (digits)
WHERE digits = 0 OR (area_code <> 'TH' AND length(area_code) >= digits)
GROUP BY ALL
ORDER BY digits, area_code, day, category, status, urgency
