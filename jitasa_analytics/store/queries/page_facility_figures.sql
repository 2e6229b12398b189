-- One row for each kind of facility inside the scope ($head), and one with kind NULL for all of them together.
-- Checked within 90 days means: before the newest check in the whole store, whose day is no older than the data.
WITH newest AS (
    SELECT max(verified_at) AS day FROM facilities
), held AS (
    SELECT f.*, verified_at >= newest.day - INTERVAL 90 DAY AS fresh
    FROM facilities f, newest
    WHERE starts_with(area_code, $head)
)
SELECT kind, count(*) AS facilities, count(*) FILTER (status = 'open') AS open_now,
       CAST(sum(capacity_per_day) AS BIGINT) AS capacity_per_day, CAST(sum(beds_total) AS BIGINT) AS beds_total,
       count(*) FILTER (fresh) AS checked, count(*) FILTER (verified_at IS NULL) AS never_checked,
       max(verified_at) AS last_check
FROM held
GROUP BY GROUPING SETS ((kind), ())
ORDER BY GROUPING(kind) DESC, facilities DESC, kind
