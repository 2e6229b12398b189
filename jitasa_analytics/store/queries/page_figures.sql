-- One row for the scope: people, requests by state, volunteers. $head: what area codes inside it start with.
WITH newest AS (
    SELECT max(year) AS year FROM population WHERE "group" = 'all' AND basis = 'registered'
), people AS (
    SELECT CAST(sum(people) AS BIGINT) AS people, any_value(year) AS people_year
    FROM population
    WHERE "group" = 'all' AND basis = 'registered' AND year = (SELECT year FROM newest)
      AND starts_with(area_code, $head) AND length(area_code) = greatest(2, own_digits($head))
      AND area_code <> 'TH'
), asked AS (
    SELECT CAST(coalesce(sum(requests), 0) AS BIGINT) AS requests,
           CAST(coalesce(sum(requests) FILTER (status IN ('new', 'confirmed')), 0) AS BIGINT) AS waiting,
           CAST(coalesce(sum(requests) FILTER (status IN ('assigned', 'on_the_way')), 0) AS BIGINT) AS being_helped,
           CAST(coalesce(sum(requests) FILTER (status = 'helped'), 0) AS BIGINT) AS helped,
           CAST(coalesce(sum(requests) FILTER (status IN ('new', 'confirmed') AND urgency = 'critical'), 0) AS BIGINT)
               AS critical,
           max(last_at) AS last_request
    FROM request_cube
    WHERE digits = own_digits($head) AND starts_with(area_code, $head) AND category = ''
), offered AS (
    SELECT count(*) AS volunteers, max(consent_at) AS last_volunteer
    FROM volunteers
    WHERE starts_with(area_code, $head)
)
SELECT * FROM people, asked, offered
