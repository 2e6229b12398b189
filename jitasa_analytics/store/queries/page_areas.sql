-- One row for each area of $digits digits inside the scope ($head): people, requests by state, volunteers.
-- Requests and volunteers of coarser areas have no row here. The coverages are the vaccination study's; here they
-- stand for an area without such data.
WITH newest AS (
    SELECT max(year) AS year FROM population WHERE "group" = 'all' AND basis = 'registered'
), people AS (
    SELECT area_code, CAST(sum(people) AS BIGINT) AS people
    FROM population
    WHERE "group" = 'all' AND basis = 'registered' AND year = (SELECT year FROM newest)
      AND starts_with(area_code, $head) AND length(area_code) = $digits AND area_code <> 'TH'
    GROUP BY area_code
), asked AS (
    SELECT left(area_code, $digits) AS area_code,
           count(*) FILTER (status IN ('new', 'confirmed')) AS waiting,
           count(*) FILTER (status IN ('assigned', 'on_the_way')) AS being_helped
    FROM requests
    WHERE starts_with(area_code, $head) AND length(area_code) >= $digits AND area_code <> 'TH'
    GROUP BY 1
), offered AS (
    SELECT left(area_code, $digits) AS area_code, count(*) AS volunteers
    FROM volunteers
    WHERE starts_with(area_code, $head) AND length(area_code) >= $digits AND area_code <> 'TH'
    GROUP BY 1
), codes AS (
    SELECT DISTINCT code AS area_code FROM areas WHERE starts_with(code, $head) AND length(code) = $digits
      AND code <> 'TH'
    UNION SELECT area_code FROM people UNION SELECT area_code FROM asked UNION SELECT area_code FROM offered
)
SELECT c.area_code,
       p.people,
       coalesce(a.waiting, 0) AS waiting,
       coalesce(a.being_helped, 0) AS being_helped,
       coalesce(a.waiting, 0) + coalesce(a.being_helped, 0) AS open_requests,
       1000.0 * (coalesce(a.waiting, 0) + coalesce(a.being_helped, 0)) / nullif(p.people, 0) AS requests_per_1000,
       coalesce(o.volunteers, 0) AS volunteers,
       CAST(NULL AS DOUBLE) AS coverage_1,
       CAST(NULL AS DOUBLE) AS coverage_2
FROM codes c
LEFT JOIN people p USING (area_code)
LEFT JOIN asked a USING (area_code)
LEFT JOIN offered o USING (area_code)
ORDER BY c.area_code
