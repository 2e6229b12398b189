-- Cumulative counts of one group up to a day, one a unit (facility or area), day and dose: of several
-- reports of a day the one that was reported last.
SELECT coalesce(r.facility_id, r.area_code) AS unit, r.facility_id IS NOT NULL AS by_facility,
       coalesce(r.area_code, f.area_code) AS area_code, r.as_of, r.dose_no, r."count" AS count, r.denominator
FROM dose_reports AS r LEFT JOIN facilities AS f ON r.facility_id = f.facility_id
WHERE r."group" = $group AND r.as_of <= CAST($upto AS DATE)
QUALIFY row_number() OVER (
    PARTITION BY r.facility_id, r.area_code, r.as_of, r.dose_no
    ORDER BY r.reported_at DESC NULLS LAST, r.source DESC NULLS LAST, r."count" DESC) = 1
ORDER BY by_facility, unit, as_of, dose_no
