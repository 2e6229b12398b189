-- One row for each area of $digits digits inside the scope ($head): people, requests by state, volunteers.
-- Below the district small counts of requests (1 to 9) are hidden, and with a single one the next smallest of its
-- district too, so that the district's sum does not give it away.
-- That is decided over the whole district also where a single tambon is asked for, so that it is hidden alike.
-- Requests and volunteers of coarser areas have no row here. The coverages are the vaccination study's; here they
-- stand for an area without such data.
WITH newest AS (
    SELECT max(year) AS year FROM population WHERE "group" = 'all' AND basis = 'registered'
), people AS (
    SELECT area_code, CAST(sum(people) AS BIGINT) AS people
    FROM population
    WHERE "group" = 'all' AND basis = 'registered' AND year = (SELECT year FROM newest)
      AND starts_with(area_code, own_district($head)) AND length(area_code) = $digits AND area_code <> 'TH'
    GROUP BY area_code
), asked AS (
    SELECT area_code,
           CAST(coalesce(sum(requests) FILTER (status IN ('new', 'confirmed')), 0) AS BIGINT) AS waiting,
           CAST(coalesce(sum(requests) FILTER (status IN ('assigned', 'on_the_way')), 0) AS BIGINT) AS being_helped
    FROM request_cube
    WHERE digits = $digits AND starts_with(area_code, own_district($head)) AND category = ''
    GROUP BY area_code
), offered AS (
    SELECT left(area_code, $digits) AS area_code, count(*) AS volunteers
    FROM volunteers
    WHERE starts_with(area_code, own_district($head)) AND length(area_code) >= $digits AND area_code <> 'TH'
    GROUP BY 1
), codes AS (
    SELECT DISTINCT code AS area_code FROM areas WHERE starts_with(code, own_district($head)) AND length(code) = $digits
      AND code <> 'TH'
    UNION SELECT area_code FROM people UNION SELECT area_code FROM asked UNION SELECT area_code FROM offered
), counted AS (
    SELECT c.area_code, p.people, coalesce(a.waiting, 0) AS waiting, coalesce(a.being_helped, 0) AS being_helped,
           coalesce(o.volunteers, 0) AS volunteers
    FROM codes c
    LEFT JOIN people p USING (area_code)
    LEFT JOIN asked a USING (area_code)
    LEFT JOIN offered o USING (area_code)
), marked AS (
    SELECT *, $digits >= 6 AND (waiting BETWEEN 1 AND 9 OR being_helped BETWEEN 1 AND 9) AS small,
           left(area_code, $digits - 2) AS district
    FROM counted
), placed AS (
    SELECT *, count(*) FILTER (small) OVER (PARTITION BY district) AS smalls,
           row_number() OVER (PARTITION BY district, small ORDER BY waiting + being_helped = 0, waiting + being_helped,
                              area_code) AS place
    FROM marked
), guarded AS (
    SELECT *, small OR (smalls = 1 AND NOT small AND place = 1) AS hidden FROM placed
)
SELECT area_code, people,
       CASE WHEN NOT hidden THEN waiting END AS waiting,
       CASE WHEN NOT hidden THEN being_helped END AS being_helped,
       CASE WHEN NOT hidden THEN waiting + being_helped END AS open_requests,
       CASE WHEN NOT hidden THEN 1000.0 * (waiting + being_helped) / nullif(people, 0) END AS requests_per_1000,
       volunteers,
       CAST(NULL AS DOUBLE) AS coverage_1,
       CAST(NULL AS DOUBLE) AS coverage_2,
       hidden
FROM guarded
WHERE starts_with(area_code, $head)
ORDER BY area_code
