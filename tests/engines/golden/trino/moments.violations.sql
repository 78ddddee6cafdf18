SELECT
  COUNT(*) AS "rows",
  COUNT_IF(
    (
      "built" < CAST('1800-01-01' AS DATE)
    )
    OR (
      "built" > CAST('2100-01-01' AS DATE)
    )
  ) AS "built range",
  COUNT_IF(
    "opens" < REGEXP_REPLACE(
      DATE_FORMAT(
        CASE
          WHEN REGEXP_LIKE(
            '06:00',
            '\A(?:[\x09-\x0A\x0C-\x0D ]*(?:(?:[0-1][0-9]|2[0-3])\:[0-5][0-9](?:\:[0-5][0-9](?:\.[0-9]{1,9})?)?)[\x09-\x0A\x0C-\x0D ]*)\z'
          )
          THEN TRY_CAST((
            REGEXP_EXTRACT(
              TRIM(BOTH ' 	
' FROM (
                '1970-01-01 ' || TRIM(BOTH ' 	
' FROM '06:00')
              )),
              '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
              1
            ) || ' ' || COALESCE(
              NULLIF(
                REGEXP_EXTRACT(
                  TRIM(BOTH ' 	
' FROM (
                    '1970-01-01 ' || TRIM(BOTH ' 	
' FROM '06:00')
                  )),
                  '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                  2
                ),
                ''
              ),
              '00:00'
            )
          ) AS TIMESTAMP(6))
        END,
        '%H:%i:%s.%f'
      ),
      '\.000000\z',
      ''
    )
  ) AS "opens range",
  COUNT_IF("seen" <= WITH_TIMEZONE(CAST('2000-01-01 00:00:00' AS TIMESTAMP(6)), 'UTC')) AS "seen range"
FROM "lake"."mills"
