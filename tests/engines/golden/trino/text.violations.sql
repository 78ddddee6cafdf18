SELECT
  COUNT(*) AS "rows",
  COUNT_IF("name" IS NULL) AS "name required",
  COUNT_IF(
    NOT REGEXP_LIKE("name", '\A(?:[Mm][Ii][Ll][Ll][\x09-\x0A\x0C-\x0D ][0-9A-Z_a-zſK]+\.?)\z')
  ) AS "name pattern",
  COUNT_IF((
    LENGTH("name") < 3
  ) OR (
    LENGTH("name") > 20
  )) AS "name length",
  COUNT_IF(NOT CONTAINS(ARRAY['a', 'b''c'], "code")) AS "code enum",
  COUNT_IF(CONTAINS(ARRAY['n/a'], "code")) AS "code missing"
FROM "lake"."mills"
