-- One row for each category inside the scope ($head) among requests that pass the filters of page_requests,
-- and one with category NULL for all of them together: a request with items of two categories counts in both.
WITH wanted AS (
    SELECT request_id FROM request_items WHERE $category = '' OR category = $category
), chosen AS (
    SELECT r.*, r.status IN ('new', 'confirmed') AS waiting, r.status IN ('assigned', 'on_the_way') AS being_helped
    FROM requests r
    WHERE starts_with(r.area_code, $head)
      AND ($category = '' OR r.request_id IN (SELECT request_id FROM wanted))
      AND ($urgency = '' OR r.urgency = $urgency)
      AND CASE $state
            WHEN 'waiting' THEN r.status IN ('new', 'confirmed')
            WHEN 'being_helped' THEN r.status IN ('assigned', 'on_the_way')
            WHEN 'all' THEN true
            ELSE r.status IN ('new', 'confirmed', 'assigned', 'on_the_way') END
)
SELECT CAST(NULL AS VARCHAR) AS category, count(*) AS requests, count(*) FILTER (waiting) AS waiting,
       count(*) FILTER (being_helped) AS being_helped, count(*) FILTER (urgency = 'critical') AS critical,
       CAST(coalesce(sum(people), 0) AS BIGINT) AS people_concerned, count(*) FILTER (lon IS NULL) AS without_position
FROM chosen
UNION ALL
SELECT i.category, count(DISTINCT c.request_id), count(DISTINCT c.request_id) FILTER (c.waiting),
       count(DISTINCT c.request_id) FILTER (c.being_helped),
       count(DISTINCT c.request_id) FILTER (c.urgency = 'critical'), 0, 0
FROM chosen c JOIN request_items i USING (request_id)
GROUP BY i.category
ORDER BY category IS NOT NULL, requests DESC, category
