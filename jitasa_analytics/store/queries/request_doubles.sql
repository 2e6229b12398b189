-- Open requests that may be one with an earlier one: the same requester, near in place (500 m, or the same area
-- where a point is missing), within $hours. One row a later request, with the earliest that fits: a hint, no verdict.
-- $only: one request, as the earlier or the later; empty for all.
WITH asked AS (
    SELECT request_id, list(DISTINCT item ORDER BY item) AS items FROM request_items GROUP BY request_id
), pairs AS (
    SELECT a.request_id AS first_id, b.request_id AS later_id, a.status AS first_status, b.requested_at,
           date_diff('minute', a.requested_at, b.requested_at) AS minutes_apart,
           111320 * sqrt(power((a.lon - b.lon) * cos(radians(a.lat)), 2) + power(a.lat - b.lat, 2)) AS metres_apart,
           coalesce(len(list_filter(ib.items, lambda i: NOT list_contains(ia.items, i))) = 0, false) AS nothing_new
    FROM requests a
    JOIN requests b ON a.requester = b.requester AND a.request_id <> b.request_id
        AND (a.requested_at, a.request_id) < (b.requested_at, b.request_id)
        AND b.requested_at <= a.requested_at + to_hours(CAST($hours AS INTEGER))
    LEFT JOIN asked ia ON ia.request_id = a.request_id
    LEFT JOIN asked ib ON ib.request_id = b.request_id
    WHERE b.status IN ('new', 'confirmed', 'assigned', 'on_the_way') AND a.status NOT IN ('duplicate', 'withdrawn')
      AND ($only = '' OR a.request_id = $only OR b.request_id = $only)
)
SELECT later_id, min_by(first_id, (minutes_apart * -1, first_id)) AS first_id,
       min_by(first_status, (minutes_apart * -1, first_id)) AS first_status,
       max(minutes_apart) AS minutes_apart,
       round(min_by(metres_apart, (minutes_apart * -1, first_id))) AS metres_apart,
       bool_or(nothing_new) AS nothing_new
FROM (
    SELECT p.* FROM pairs p
    JOIN requests a ON a.request_id = p.first_id
    JOIN requests b ON b.request_id = p.later_id
    WHERE coalesce(p.metres_apart <= 500, a.area_code = b.area_code)
)
GROUP BY later_id, requested_at
ORDER BY nothing_new DESC, requested_at DESC, later_id
LIMIT $most
