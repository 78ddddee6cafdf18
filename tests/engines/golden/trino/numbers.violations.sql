SELECT
  COUNT(*) AS "rows",
  COUNT_IF("id" IS NULL) AS "id required",
  COUNT_IF("id" < CAST('1' AS BIGINT)) AS "id range",
  COUNT_IF(NOT CONTAINS(ARRAY[1, 2, 3, 40], CAST("id" AS BIGINT))) AS "id enum",
  COUNT_IF(CONTAINS(ARRAY[-1], CAST("wheels" AS BIGINT))) AS "wheels missing",
  COUNT_IF(CAST("wheels" AS DECIMAL(38, 0)) % CAST('2' AS DECIMAL(38, 0)) <> 0) AS "wheels multiple",
  COUNT_IF(
    (
      "price" < CAST('0.00' AS DECIMAL(10, 2))
    )
    OR (
      "price" >= CAST('100.00' AS DECIMAL(10, 2))
    )
  ) AS "price range",
  COUNT_IF(
    CAST(TRIM(BOTH ' 	
' FROM REPLACE(CAST("price" AS VARCHAR), '.', '')) AS DECIMAL(38, 0)) % CAST('5' AS DECIMAL(38, 0)) <> 0
  ) AS "price multiple",
  COUNT_IF((
    "flow" < CAST('-1.5' AS DOUBLE)
  ) OR (
    "flow" > CAST('1e3' AS DOUBLE)
  )) AS "flow range",
  COUNT_IF(NOT (
    "price" > 0 OR NOT "open"
  )) AS " paid",
  COUNT_IF(NOT "id" IS NULL) - COUNT(DISTINCT CASE WHEN NOT "id" IS NULL THEN "id" END) AS "id unique",
  COUNT_IF(NOT "wheels" IS NULL AND NOT "price" IS NULL) - COUNT(
    DISTINCT CASE
      WHEN NOT "wheels" IS NULL AND NOT "price" IS NULL
      THEN ROW("wheels", "price")
    END
  ) AS "wheels, price primary_key"
FROM "lake"."mills"
