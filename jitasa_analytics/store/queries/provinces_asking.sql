-- Provinces of the scope from which a request ever came: elsewhere the data say nothing about need.
SELECT DISTINCT left(area_code, 2) AS province FROM requests WHERE area_code IS NOT NULL ORDER BY province
