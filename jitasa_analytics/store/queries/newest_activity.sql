-- The newest request and the newest event of the scope; NULL where there is none.
SELECT (SELECT max(requested_at) FROM requests) AS request, (SELECT max("at") FROM request_events) AS event
