-- Volunteers by the month of their consent (Bangkok time), district and kind.
SELECT strftime(consent_at + INTERVAL 7 HOUR, '%Y-%m') AS month, substr(area_code, 1, 4) AS area_code,
       kind AS category, count(*) AS n
FROM volunteers
WHERE length(area_code) >= 4 AND consent_at IS NOT NULL
GROUP BY ALL
ORDER BY ALL
