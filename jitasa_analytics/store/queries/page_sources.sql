-- Where the rows come from, as they say themselves: source, datasets, rows.
WITH said AS (
    SELECT 'areas' AS dataset, source FROM areas
    UNION ALL SELECT 'population', source FROM population
    UNION ALL SELECT 'places', source FROM places
    UNION ALL SELECT 'facilities', source FROM facilities
    UNION ALL SELECT 'candidates', source FROM candidates
    UNION ALL SELECT 'requests', source FROM requests
    UNION ALL SELECT 'dose_reports', source FROM dose_reports
)
SELECT source, string_agg(DISTINCT dataset, ', ' ORDER BY dataset) AS datasets, count(*) AS n
FROM said
WHERE source IS NOT NULL AND starts_with('', $head)
GROUP BY source
ORDER BY n DESC, source
