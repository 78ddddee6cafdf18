SELECT
  COUNT(*) AS "rows",
  COUNT_IF(
    (
      CARDINALITY("tags") < 1
    )
    OR (
      (
        CARDINALITY("tags") > 3
      )
      OR (
        CARDINALITY(ARRAY_DISTINCT(FILTER("tags", "x" -> NOT "x" IS NULL))) + LEAST(CARDINALITY(FILTER("tags", "x" -> "x" IS NULL)), 1) < CARDINALITY("tags")
      )
    )
  ) AS "tags items",
  COUNT_IF(NOT "mill" IS NULL AND "mill"."name" IS NULL) AS "mill.name required",
  COUNT_IF(NOT "mill" IS NULL AND NOT REGEXP_LIKE("mill"."name", '\A(?:[A-Z][^\x0A]*)\z')) AS "mill.name pattern",
  COUNT_IF(
    (
      SUBSTR(TRIM(BOTH ' 	
' FROM "more"), 1, 1) <> '{'
    )
    OR (
      (
        CASE WHEN TRUE THEN TRY(JSON_SIZE("more", '$')) END < 1
      )
      OR (
        CASE WHEN TRUE THEN TRY(JSON_SIZE("more", '$')) END > 2
      )
    )
  ) AS "more fields"
FROM "lake"."mills"
