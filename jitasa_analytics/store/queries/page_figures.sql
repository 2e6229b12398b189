-- One row for the scope: people, requests by state, volunteers. $head: what area codes inside it start with.
WITH newest AS (
    SELECT max(year) AS year FROM population WHERE "group" = 'all' AND basis = 'registered'
), people AS (
    SELECT CAST(sum(people) AS BIGINT) AS people, any_value(year) AS people_year
    FROM population
    WHERE "group" = 'all' AND basis = 'registered' AND year = (SELECT year FROM newest)
      AND starts_with(area_code, $head) AND length(area_code) = greatest(2, length($head))
      AND area_code <> 'TH'
), asked AS (
    SELECT count(*) AS requests,
           count(*) FILTER (status IN ('new', 'confirmed')) AS waiting,
           count(*) FILTER (status IN ('assigned', 'on_the_way')) AS being_helped,
           count(*) FILTER (status = 'helped') AS helped,
           count(*) FILTER (status IN ('new', 'confirmed') AND urgency = 'critical') AS critical,
           max(requested_at) AS last_request
    FROM requests
    WHERE starts_with(area_code, $head)
), offered AS (
    SELECT count(*) AS volunteers, max(consent_at) AS last_volunteer
    FROM volunteers
    WHERE starts_with(area_code, $head)
)
SELECT * FROM people, asked, offered
