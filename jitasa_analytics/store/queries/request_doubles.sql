-- Pairs of one requester, near in place and time, of which the later may be a duplicate: a hint, no verdict.
SELECT a.request_id AS first_id, b.request_id AS later_id,
       date_diff('minute', a.requested_at, b.requested_at) AS minutes_apart
FROM requests a
JOIN requests b ON a.requester = b.requester AND a.request_id <> b.request_id
    AND (a.requested_at, a.request_id) < (b.requested_at, b.request_id)
    AND b.requested_at <= a.requested_at + to_hours(CAST($hours AS INTEGER))
    AND (a.area_code = b.area_code OR (abs(a.lon - b.lon) < 0.005 AND abs(a.lat - b.lat) < 0.005))
WHERE b.status IN ('new', 'confirmed', 'assigned', 'on_the_way') AND a.status NOT IN ('duplicate', 'withdrawn')
ORDER BY b.requested_at DESC, later_id, first_id
LIMIT $most
