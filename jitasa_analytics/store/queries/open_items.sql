-- What open requests made by a day (Bangkok time) still lack, one row a request and item; a quantity that nobody
-- wrote stays missing.
SELECT i.request_id, r.area_code, r.urgency, r.people, i.item, i.category, i.quantity,
       coalesce(i.delivered, 0) AS delivered
FROM request_items AS i JOIN requests AS r ON i.request_id = r.request_id
WHERE list_contains($statuses, r.status)
  AND CAST(r.requested_at + INTERVAL 7 HOUR AS DATE) <= CAST($day AS DATE)
  AND ($category = '' OR i.category = $category) AND ($item = '' OR contains(lower(i.item), lower($item)))
  AND ($urgency = '' OR r.urgency = $urgency)
ORDER BY i.request_id, i.item
