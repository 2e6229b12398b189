-- Requests by area (of every level), day (Bangkok's), category, status and urgency.
-- Category '' counts every request once; a request that asks for two categories counts in each of them.
-- Digits 0 is the country. A request whose area is known to the district only counts there and above.
-- Each level is counted from the one below, which is smaller than the rows.
WITH asked AS (
    SELECT area_code, requested_at, '' AS category, status, urgency, people FROM $rows.requests
    UNION ALL
    SELECT area_code, requested_at, category, status, urgency, people
    FROM $rows.requests JOIN (SELECT DISTINCT request_id, category FROM $rows.request_items) USING (request_id)
), finest AS MATERIALIZED (
    SELECT left(area_code, 6) AS area_code, CAST(requested_at + INTERVAL 7 HOUR AS DATE) AS day, category, status,
           urgency, count(*) AS requests, sum(people) AS people, max(requested_at) AS last_at
    FROM asked
    GROUP BY ALL
), districts AS MATERIALIZED (
    SELECT left(area_code, 4) AS area_code, day, category, status, urgency, sum(requests) AS requests,
           sum(people) AS people, max(last_at) AS last_at
    FROM finest
    GROUP BY ALL
), provinces AS MATERIALIZED (
    SELECT left(area_code, 2) AS area_code, day, category, status, urgency, sum(requests) AS requests,
           sum(people) AS people, max(last_at) AS last_at
    FROM districts
    GROUP BY ALL
), every_level AS (
    SELECT 0 AS digits, 'TH' AS area_code, day, category, status, urgency, sum(requests) AS requests,
           sum(people) AS people, max(last_at) AS last_at
    FROM provinces
    GROUP BY ALL
    UNION ALL SELECT 2, * FROM provinces WHERE area_code <> 'TH' AND length(area_code) >= 2
    UNION ALL SELECT 4, * FROM districts WHERE length(area_code) >= 4
    UNION ALL SELECT 6, * FROM finest WHERE length(area_code) >= 6
)
SELECT digits, area_code, day, category, status, urgency, CAST(requests AS BIGINT) AS requests,
       CAST(people AS BIGINT) AS people, last_at
FROM every_level
ORDER BY digits, area_code, day, category, status, urgency
