-- How many open requests each volunteer has: by the last event that gave the request to somebody.
SELECT volunteer_id, count(*) AS load
FROM (
    SELECT e.request_id, arg_max(e."by", (e."at", e.event_id)) AS volunteer_id
    FROM request_events e
    JOIN requests r USING (request_id)
    WHERE e.status = 'assigned' AND e."by" IS NOT NULL AND r.status IN ('assigned', 'on_the_way')
    GROUP BY e.request_id
)
GROUP BY volunteer_id
ORDER BY volunteer_id
