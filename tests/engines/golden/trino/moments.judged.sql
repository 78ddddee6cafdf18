SELECT
  "entry" AS "entry",
  "place" AS "place",
  "v0" AS "o0",
  "v1" AS "o1",
  "v2" AS "o2",
  "v3" AS "o3",
  "v4" AS "o4",
  "v5" AS "o5",
  "v6" AS "o6",
  DATE_TRUNC('year', "v7") AS "o7",
  SUBSTR(
    LOWER(
      TO_HEX(
        SHA256(
          (
            "masking_key" || TO_UTF8(
              (
                REGEXP_REPLACE(DATE_FORMAT("v8", '%Y-%m-%d %H:%i:%s.%f'), '\.?0*\z', '') || '+00'
              )
            )
          )
        )
      )
    ),
    1,
    32
  ) AS "o8",
  CASE
    WHEN NOT NULLIF(CONCAT_WS(',', "extra"), '') IS NULL
    THEN (
      '{' || NULLIF(CONCAT_WS(',', "extra"), '') || '}'
    )
  END AS "rescued",
  "reasons" AS "reasons",
  CASE
    WHEN NOT "problem" IS NULL
    THEN ''
    WHEN NOT "reasons" IS NULL
    THEN (
      '{' || COALESCE(
        NULLIF(
          CONCAT_WS(
            ',',
            (
              '"Built":' || "j0"
            ),
            (
              '"Sold":' || "j1"
            ),
            (
              '"Rebuilt":' || "j2"
            ),
            (
              '"Opens":' || "j3"
            ),
            (
              '"Closes":' || "j4"
            ),
            (
              '"Seen":' || "j5"
            ),
            (
              '"Local":' || "j6"
            ),
            (
              '"Logged":' || JSON_FORMAT(CAST(CASE WHEN NOT "t7" IS NULL THEN '***' END AS JSON))
            ),
            (
              '"Read":' || JSON_FORMAT(
                CAST(SUBSTR(LOWER(TO_HEX(SHA256((
                  "masking_key" || TO_UTF8("t8")
                )))), 1, 32) AS JSON)
              )
            ),
            "extra"
          ),
          ''
        ),
        ''
      ) || '}'
    )
  END AS "raw"
FROM (
  SELECT
    *,
    CASE
      WHEN NOT "problem" IS NULL
      THEN ARRAY[CAST(ROW('', 'structure', "problem") AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))]
      WHEN (
        (
          (
            "v0" IS NULL AND NOT "t0" IS NULL
          )
          OR (
            (
              (
                "v0" < CAST('1800-01-01' AS DATE)
              )
              OR (
                "v0" > CAST('2100-01-01' AS DATE)
              )
            )
            OR (
              "v1" IS NULL AND NOT "t1" IS NULL
            )
          )
        )
        OR (
          (
            "v2" IS NULL AND NOT "t2" IS NULL
          )
          OR (
            (
              "v3" IS NULL AND NOT "t3" IS NULL
            )
            OR (
              "v3" < REGEXP_REPLACE(
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
            )
          )
        )
      )
      OR (
        (
          (
            "v4" IS NULL AND NOT "t4" IS NULL
          )
          OR (
            (
              "v5" IS NULL AND NOT "t5" IS NULL
            )
            OR (
              "v5" <= WITH_TIMEZONE(CAST('2000-01-01 00:00:00' AS TIMESTAMP(6)), 'UTC')
            )
          )
        )
        OR (
          (
            "v6" IS NULL AND NOT "t6" IS NULL
          )
          OR (
            (
              "v7" IS NULL AND NOT "t7" IS NULL
            )
            OR (
              "v8" IS NULL AND NOT "t8" IS NULL
            )
          )
        )
      )
      THEN FILTER(
        CONCAT(
          COALESCE(
            ARRAY[CASE
              WHEN "v0" IS NULL AND NOT "t0" IS NULL
              THEN CAST(ROW('built', 'type', COALESCE(SUBSTR("t0", 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END, CASE
              WHEN (
                "v0" < CAST('1800-01-01' AS DATE)
              )
              OR (
                "v0" > CAST('2100-01-01' AS DATE)
              )
              THEN CAST(ROW('built', 'range', COALESCE(SUBSTR("t0", 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END],
            CAST(ARRAY[] AS ARRAY(ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR)))
          ),
          COALESCE(
            ARRAY[CASE
              WHEN "v1" IS NULL AND NOT "t1" IS NULL
              THEN CAST(ROW('sold', 'type', COALESCE(SUBSTR("t1", 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END],
            CAST(ARRAY[] AS ARRAY(ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR)))
          ),
          COALESCE(
            ARRAY[CASE
              WHEN "v2" IS NULL AND NOT "t2" IS NULL
              THEN CAST(ROW('rebuilt', 'type', COALESCE(SUBSTR("t2", 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END],
            CAST(ARRAY[] AS ARRAY(ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR)))
          ),
          COALESCE(
            ARRAY[CASE
              WHEN "v3" IS NULL AND NOT "t3" IS NULL
              THEN CAST(ROW('opens', 'type', COALESCE(SUBSTR("t3", 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END, CASE
              WHEN "v3" < REGEXP_REPLACE(
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
              THEN CAST(ROW('opens', 'range', COALESCE(SUBSTR("t3", 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END],
            CAST(ARRAY[] AS ARRAY(ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR)))
          ),
          COALESCE(
            ARRAY[CASE
              WHEN "v4" IS NULL AND NOT "t4" IS NULL
              THEN CAST(ROW('closes', 'type', COALESCE(SUBSTR("t4", 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END],
            CAST(ARRAY[] AS ARRAY(ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR)))
          ),
          COALESCE(
            ARRAY[CASE
              WHEN "v5" IS NULL AND NOT "t5" IS NULL
              THEN CAST(ROW('seen', 'type', COALESCE(SUBSTR("t5", 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END, CASE
              WHEN "v5" <= WITH_TIMEZONE(CAST('2000-01-01 00:00:00' AS TIMESTAMP(6)), 'UTC')
              THEN CAST(ROW('seen', 'range', COALESCE(SUBSTR("t5", 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END],
            CAST(ARRAY[] AS ARRAY(ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR)))
          ),
          COALESCE(
            ARRAY[CASE
              WHEN "v6" IS NULL AND NOT "t6" IS NULL
              THEN CAST(ROW('local', 'type', COALESCE(SUBSTR("t6", 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END],
            CAST(ARRAY[] AS ARRAY(ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR)))
          ),
          COALESCE(
            ARRAY[CASE
              WHEN "v7" IS NULL AND NOT "t7" IS NULL
              THEN CAST(ROW(
                'logged',
                'type',
                COALESCE(SUBSTR(CASE WHEN NOT "t7" IS NULL THEN '***' END, 1, 100), '')
              ) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END],
            CAST(ARRAY[] AS ARRAY(ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR)))
          ),
          COALESCE(
            ARRAY[CASE
              WHEN "v8" IS NULL AND NOT "t8" IS NULL
              THEN CAST(ROW(
                'read',
                'type',
                COALESCE(
                  SUBSTR(SUBSTR(LOWER(TO_HEX(SHA256((
                    "masking_key" || TO_UTF8("t8")
                  )))), 1, 32), 1, 100),
                  ''
                )
              ) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END],
            CAST(ARRAY[] AS ARRAY(ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR)))
          )
        ),
        "x" -> NOT "x" IS NULL
      )
    END AS "reasons"
  FROM (
    SELECT
      *,
      CASE
        WHEN "p0" BETWEEN CAST('0001-01-01' AS DATE) AND CAST('9999-12-31' AS DATE)
        THEN "p0"
      END AS "v0",
      CASE
        WHEN "p1" BETWEEN CAST('0001-01-01' AS DATE) AND CAST('9999-12-31' AS DATE)
        THEN "p1"
      END AS "v1",
      CASE
        WHEN "p2" BETWEEN CAST('0001-01-01' AS DATE) AND CAST('9999-12-31' AS DATE)
        THEN "p2"
      END AS "v2",
      "p3" AS "v3",
      "p4" AS "v4",
      CASE
        WHEN "p5" BETWEEN WITH_TIMEZONE(CAST('0001-01-01 00:00:00' AS TIMESTAMP(6)), 'UTC') AND WITH_TIMEZONE(CAST('9999-12-31 23:59:59.999999' AS TIMESTAMP(6)), 'UTC')
        THEN "p5"
      END AS "v5",
      CASE
        WHEN "p6" BETWEEN WITH_TIMEZONE(CAST('0001-01-01 00:00:00' AS TIMESTAMP(6)), 'UTC') AND WITH_TIMEZONE(CAST('9999-12-31 23:59:59.999999' AS TIMESTAMP(6)), 'UTC')
        THEN "p6"
      END AS "v6",
      CASE
        WHEN "p7" BETWEEN WITH_TIMEZONE(CAST('0001-01-01 00:00:00' AS TIMESTAMP(6)), 'UTC') AND WITH_TIMEZONE(CAST('9999-12-31 23:59:59.999999' AS TIMESTAMP(6)), 'UTC')
        THEN "p7"
      END AS "v7",
      CASE
        WHEN "p8" BETWEEN WITH_TIMEZONE(CAST('0001-01-01 00:00:00' AS TIMESTAMP(6)), 'UTC') AND WITH_TIMEZONE(CAST('9999-12-31 23:59:59.999999' AS TIMESTAMP(6)), 'UTC')
        THEN "p8"
      END AS "v8"
    FROM (
      SELECT
        *,
        CASE
          WHEN NOT (
            "x0"
          )
          THEN COALESCE(
            "n0",
            CASE
              WHEN REGEXP_LIKE(
                "t0",
                '\A(?:[\x09-\x0A\x0C-\x0D ]*(?:[0-9]{4}\-[0-9]{2}\-[0-9]{2})[\x09-\x0A\x0C-\x0D ]*)\z'
              )
              THEN TRY_CAST(TRIM(BOTH ' 	
' FROM "t0") AS DATE)
            END
          )
        END AS "p0",
        CASE
          WHEN NOT (
            "x1"
          )
          THEN COALESCE(
            "n1",
            CAST(CASE
              WHEN REGEXP_LIKE(
                "t1",
                '\A(?:[\x09-\x0A\x0C-\x0D ]*(?:[0-9]{1,2} [^\x0A]+ [0-9]{4})[\x09-\x0A\x0C-\x0D ]*)\z'
              )
              THEN TRY_CAST((
                REGEXP_EXTRACT(
                  TRIM(BOTH ' 	
' FROM "t1"),
                  '\A\s*([0-9]{1,2})\s+([Jj][Aa][Nn][Uu][Aa][Rr][Yy]|[Ff][Ee][Bb][Rr][Uu][Aa][Rr][Yy]|[Mm][Aa][Rr][Cc][Hh]|[Aa][Pp][Rr][Ii][Ll]|[Mm][Aa][Yy]|[Jj][Uu][Nn][Ee]|[Jj][Uu][Ll][Yy]|[Aa][Uu][Gg][Uu][Ss][Tt]|[Ss][Ee][Pp][Tt][Ee][Mm][Bb][Ee][Rr]|[Oo][Cc][Tt][Oo][Bb][Ee][Rr]|[Nn][Oo][Vv][Ee][Mm][Bb][Ee][Rr]|[Dd][Ee][Cc][Ee][Mm][Bb][Ee][Rr])\s+([0-9]{4})\s*\z',
                  3
                ) || '-' || CASE
                  WHEN LOWER(
                    REGEXP_EXTRACT(
                      TRIM(BOTH ' 	
' FROM "t1"),
                      '\A\s*([0-9]{1,2})\s+([Jj][Aa][Nn][Uu][Aa][Rr][Yy]|[Ff][Ee][Bb][Rr][Uu][Aa][Rr][Yy]|[Mm][Aa][Rr][Cc][Hh]|[Aa][Pp][Rr][Ii][Ll]|[Mm][Aa][Yy]|[Jj][Uu][Nn][Ee]|[Jj][Uu][Ll][Yy]|[Aa][Uu][Gg][Uu][Ss][Tt]|[Ss][Ee][Pp][Tt][Ee][Mm][Bb][Ee][Rr]|[Oo][Cc][Tt][Oo][Bb][Ee][Rr]|[Nn][Oo][Vv][Ee][Mm][Bb][Ee][Rr]|[Dd][Ee][Cc][Ee][Mm][Bb][Ee][Rr])\s+([0-9]{4})\s*\z',
                      2
                    )
                  ) = 'january'
                  THEN '01'
                  WHEN LOWER(
                    REGEXP_EXTRACT(
                      TRIM(BOTH ' 	
' FROM "t1"),
                      '\A\s*([0-9]{1,2})\s+([Jj][Aa][Nn][Uu][Aa][Rr][Yy]|[Ff][Ee][Bb][Rr][Uu][Aa][Rr][Yy]|[Mm][Aa][Rr][Cc][Hh]|[Aa][Pp][Rr][Ii][Ll]|[Mm][Aa][Yy]|[Jj][Uu][Nn][Ee]|[Jj][Uu][Ll][Yy]|[Aa][Uu][Gg][Uu][Ss][Tt]|[Ss][Ee][Pp][Tt][Ee][Mm][Bb][Ee][Rr]|[Oo][Cc][Tt][Oo][Bb][Ee][Rr]|[Nn][Oo][Vv][Ee][Mm][Bb][Ee][Rr]|[Dd][Ee][Cc][Ee][Mm][Bb][Ee][Rr])\s+([0-9]{4})\s*\z',
                      2
                    )
                  ) = 'february'
                  THEN '02'
                  WHEN LOWER(
                    REGEXP_EXTRACT(
                      TRIM(BOTH ' 	
' FROM "t1"),
                      '\A\s*([0-9]{1,2})\s+([Jj][Aa][Nn][Uu][Aa][Rr][Yy]|[Ff][Ee][Bb][Rr][Uu][Aa][Rr][Yy]|[Mm][Aa][Rr][Cc][Hh]|[Aa][Pp][Rr][Ii][Ll]|[Mm][Aa][Yy]|[Jj][Uu][Nn][Ee]|[Jj][Uu][Ll][Yy]|[Aa][Uu][Gg][Uu][Ss][Tt]|[Ss][Ee][Pp][Tt][Ee][Mm][Bb][Ee][Rr]|[Oo][Cc][Tt][Oo][Bb][Ee][Rr]|[Nn][Oo][Vv][Ee][Mm][Bb][Ee][Rr]|[Dd][Ee][Cc][Ee][Mm][Bb][Ee][Rr])\s+([0-9]{4})\s*\z',
                      2
                    )
                  ) = 'march'
                  THEN '03'
                  WHEN LOWER(
                    REGEXP_EXTRACT(
                      TRIM(BOTH ' 	
' FROM "t1"),
                      '\A\s*([0-9]{1,2})\s+([Jj][Aa][Nn][Uu][Aa][Rr][Yy]|[Ff][Ee][Bb][Rr][Uu][Aa][Rr][Yy]|[Mm][Aa][Rr][Cc][Hh]|[Aa][Pp][Rr][Ii][Ll]|[Mm][Aa][Yy]|[Jj][Uu][Nn][Ee]|[Jj][Uu][Ll][Yy]|[Aa][Uu][Gg][Uu][Ss][Tt]|[Ss][Ee][Pp][Tt][Ee][Mm][Bb][Ee][Rr]|[Oo][Cc][Tt][Oo][Bb][Ee][Rr]|[Nn][Oo][Vv][Ee][Mm][Bb][Ee][Rr]|[Dd][Ee][Cc][Ee][Mm][Bb][Ee][Rr])\s+([0-9]{4})\s*\z',
                      2
                    )
                  ) = 'april'
                  THEN '04'
                  WHEN LOWER(
                    REGEXP_EXTRACT(
                      TRIM(BOTH ' 	
' FROM "t1"),
                      '\A\s*([0-9]{1,2})\s+([Jj][Aa][Nn][Uu][Aa][Rr][Yy]|[Ff][Ee][Bb][Rr][Uu][Aa][Rr][Yy]|[Mm][Aa][Rr][Cc][Hh]|[Aa][Pp][Rr][Ii][Ll]|[Mm][Aa][Yy]|[Jj][Uu][Nn][Ee]|[Jj][Uu][Ll][Yy]|[Aa][Uu][Gg][Uu][Ss][Tt]|[Ss][Ee][Pp][Tt][Ee][Mm][Bb][Ee][Rr]|[Oo][Cc][Tt][Oo][Bb][Ee][Rr]|[Nn][Oo][Vv][Ee][Mm][Bb][Ee][Rr]|[Dd][Ee][Cc][Ee][Mm][Bb][Ee][Rr])\s+([0-9]{4})\s*\z',
                      2
                    )
                  ) = 'may'
                  THEN '05'
                  WHEN LOWER(
                    REGEXP_EXTRACT(
                      TRIM(BOTH ' 	
' FROM "t1"),
                      '\A\s*([0-9]{1,2})\s+([Jj][Aa][Nn][Uu][Aa][Rr][Yy]|[Ff][Ee][Bb][Rr][Uu][Aa][Rr][Yy]|[Mm][Aa][Rr][Cc][Hh]|[Aa][Pp][Rr][Ii][Ll]|[Mm][Aa][Yy]|[Jj][Uu][Nn][Ee]|[Jj][Uu][Ll][Yy]|[Aa][Uu][Gg][Uu][Ss][Tt]|[Ss][Ee][Pp][Tt][Ee][Mm][Bb][Ee][Rr]|[Oo][Cc][Tt][Oo][Bb][Ee][Rr]|[Nn][Oo][Vv][Ee][Mm][Bb][Ee][Rr]|[Dd][Ee][Cc][Ee][Mm][Bb][Ee][Rr])\s+([0-9]{4})\s*\z',
                      2
                    )
                  ) = 'june'
                  THEN '06'
                  WHEN LOWER(
                    REGEXP_EXTRACT(
                      TRIM(BOTH ' 	
' FROM "t1"),
                      '\A\s*([0-9]{1,2})\s+([Jj][Aa][Nn][Uu][Aa][Rr][Yy]|[Ff][Ee][Bb][Rr][Uu][Aa][Rr][Yy]|[Mm][Aa][Rr][Cc][Hh]|[Aa][Pp][Rr][Ii][Ll]|[Mm][Aa][Yy]|[Jj][Uu][Nn][Ee]|[Jj][Uu][Ll][Yy]|[Aa][Uu][Gg][Uu][Ss][Tt]|[Ss][Ee][Pp][Tt][Ee][Mm][Bb][Ee][Rr]|[Oo][Cc][Tt][Oo][Bb][Ee][Rr]|[Nn][Oo][Vv][Ee][Mm][Bb][Ee][Rr]|[Dd][Ee][Cc][Ee][Mm][Bb][Ee][Rr])\s+([0-9]{4})\s*\z',
                      2
                    )
                  ) = 'july'
                  THEN '07'
                  WHEN LOWER(
                    REGEXP_EXTRACT(
                      TRIM(BOTH ' 	
' FROM "t1"),
                      '\A\s*([0-9]{1,2})\s+([Jj][Aa][Nn][Uu][Aa][Rr][Yy]|[Ff][Ee][Bb][Rr][Uu][Aa][Rr][Yy]|[Mm][Aa][Rr][Cc][Hh]|[Aa][Pp][Rr][Ii][Ll]|[Mm][Aa][Yy]|[Jj][Uu][Nn][Ee]|[Jj][Uu][Ll][Yy]|[Aa][Uu][Gg][Uu][Ss][Tt]|[Ss][Ee][Pp][Tt][Ee][Mm][Bb][Ee][Rr]|[Oo][Cc][Tt][Oo][Bb][Ee][Rr]|[Nn][Oo][Vv][Ee][Mm][Bb][Ee][Rr]|[Dd][Ee][Cc][Ee][Mm][Bb][Ee][Rr])\s+([0-9]{4})\s*\z',
                      2
                    )
                  ) = 'august'
                  THEN '08'
                  WHEN LOWER(
                    REGEXP_EXTRACT(
                      TRIM(BOTH ' 	
' FROM "t1"),
                      '\A\s*([0-9]{1,2})\s+([Jj][Aa][Nn][Uu][Aa][Rr][Yy]|[Ff][Ee][Bb][Rr][Uu][Aa][Rr][Yy]|[Mm][Aa][Rr][Cc][Hh]|[Aa][Pp][Rr][Ii][Ll]|[Mm][Aa][Yy]|[Jj][Uu][Nn][Ee]|[Jj][Uu][Ll][Yy]|[Aa][Uu][Gg][Uu][Ss][Tt]|[Ss][Ee][Pp][Tt][Ee][Mm][Bb][Ee][Rr]|[Oo][Cc][Tt][Oo][Bb][Ee][Rr]|[Nn][Oo][Vv][Ee][Mm][Bb][Ee][Rr]|[Dd][Ee][Cc][Ee][Mm][Bb][Ee][Rr])\s+([0-9]{4})\s*\z',
                      2
                    )
                  ) = 'september'
                  THEN '09'
                  WHEN LOWER(
                    REGEXP_EXTRACT(
                      TRIM(BOTH ' 	
' FROM "t1"),
                      '\A\s*([0-9]{1,2})\s+([Jj][Aa][Nn][Uu][Aa][Rr][Yy]|[Ff][Ee][Bb][Rr][Uu][Aa][Rr][Yy]|[Mm][Aa][Rr][Cc][Hh]|[Aa][Pp][Rr][Ii][Ll]|[Mm][Aa][Yy]|[Jj][Uu][Nn][Ee]|[Jj][Uu][Ll][Yy]|[Aa][Uu][Gg][Uu][Ss][Tt]|[Ss][Ee][Pp][Tt][Ee][Mm][Bb][Ee][Rr]|[Oo][Cc][Tt][Oo][Bb][Ee][Rr]|[Nn][Oo][Vv][Ee][Mm][Bb][Ee][Rr]|[Dd][Ee][Cc][Ee][Mm][Bb][Ee][Rr])\s+([0-9]{4})\s*\z',
                      2
                    )
                  ) = 'october'
                  THEN '10'
                  WHEN LOWER(
                    REGEXP_EXTRACT(
                      TRIM(BOTH ' 	
' FROM "t1"),
                      '\A\s*([0-9]{1,2})\s+([Jj][Aa][Nn][Uu][Aa][Rr][Yy]|[Ff][Ee][Bb][Rr][Uu][Aa][Rr][Yy]|[Mm][Aa][Rr][Cc][Hh]|[Aa][Pp][Rr][Ii][Ll]|[Mm][Aa][Yy]|[Jj][Uu][Nn][Ee]|[Jj][Uu][Ll][Yy]|[Aa][Uu][Gg][Uu][Ss][Tt]|[Ss][Ee][Pp][Tt][Ee][Mm][Bb][Ee][Rr]|[Oo][Cc][Tt][Oo][Bb][Ee][Rr]|[Nn][Oo][Vv][Ee][Mm][Bb][Ee][Rr]|[Dd][Ee][Cc][Ee][Mm][Bb][Ee][Rr])\s+([0-9]{4})\s*\z',
                      2
                    )
                  ) = 'november'
                  THEN '11'
                  WHEN LOWER(
                    REGEXP_EXTRACT(
                      TRIM(BOTH ' 	
' FROM "t1"),
                      '\A\s*([0-9]{1,2})\s+([Jj][Aa][Nn][Uu][Aa][Rr][Yy]|[Ff][Ee][Bb][Rr][Uu][Aa][Rr][Yy]|[Mm][Aa][Rr][Cc][Hh]|[Aa][Pp][Rr][Ii][Ll]|[Mm][Aa][Yy]|[Jj][Uu][Nn][Ee]|[Jj][Uu][Ll][Yy]|[Aa][Uu][Gg][Uu][Ss][Tt]|[Ss][Ee][Pp][Tt][Ee][Mm][Bb][Ee][Rr]|[Oo][Cc][Tt][Oo][Bb][Ee][Rr]|[Nn][Oo][Vv][Ee][Mm][Bb][Ee][Rr]|[Dd][Ee][Cc][Ee][Mm][Bb][Ee][Rr])\s+([0-9]{4})\s*\z',
                      2
                    )
                  ) = 'december'
                  THEN '12'
                END || '-' || LPAD(
                  REGEXP_EXTRACT(
                    TRIM(BOTH ' 	
' FROM "t1"),
                    '\A\s*([0-9]{1,2})\s+([Jj][Aa][Nn][Uu][Aa][Rr][Yy]|[Ff][Ee][Bb][Rr][Uu][Aa][Rr][Yy]|[Mm][Aa][Rr][Cc][Hh]|[Aa][Pp][Rr][Ii][Ll]|[Mm][Aa][Yy]|[Jj][Uu][Nn][Ee]|[Jj][Uu][Ll][Yy]|[Aa][Uu][Gg][Uu][Ss][Tt]|[Ss][Ee][Pp][Tt][Ee][Mm][Bb][Ee][Rr]|[Oo][Cc][Tt][Oo][Bb][Ee][Rr]|[Nn][Oo][Vv][Ee][Mm][Bb][Ee][Rr]|[Dd][Ee][Cc][Ee][Mm][Bb][Ee][Rr])\s+([0-9]{4})\s*\z',
                    1
                  ),
                  2,
                  '0'
                ) || ' ' || '00' || ':' || '00' || ':' || '00'
              ) AS TIMESTAMP(6))
            END AS DATE)
          )
        END AS "p1",
        CASE
          WHEN NOT (
            "x2"
          )
          THEN COALESCE(
            "n2",
            CAST(CASE
              WHEN REGEXP_LIKE("t2", '\A(?:[\x09-\x0A\x0C-\x0D ]*(?:[0-9]{2}[0-9]{1,3})[\x09-\x0A\x0C-\x0D ]*)\z')
              THEN CASE
                WHEN TRY_CAST(REGEXP_EXTRACT(TRIM(BOTH ' 	
' FROM "t2"), '\A\s*([0-9]{1,2})([0-9]{1,3})\s*\z', 2) AS INTEGER) BETWEEN 1 AND 366
                THEN DATE_ADD(
                  'day',
                  TRY_CAST(REGEXP_EXTRACT(TRIM(BOTH ' 	
' FROM "t2"), '\A\s*([0-9]{1,2})([0-9]{1,3})\s*\z', 2) AS INTEGER) - 1,
                  TRY_CAST((
                    (
                      CASE
                        WHEN LPAD(
                          REGEXP_EXTRACT(TRIM(BOTH ' 	
' FROM "t2"), '\A\s*([0-9]{1,2})([0-9]{1,3})\s*\z', 1),
                          2,
                          '0'
                        ) >= '69'
                        THEN '19'
                        ELSE '20'
                      END || LPAD(
                        REGEXP_EXTRACT(TRIM(BOTH ' 	
' FROM "t2"), '\A\s*([0-9]{1,2})([0-9]{1,3})\s*\z', 1),
                        2,
                        '0'
                      )
                    ) || '-' || '01' || '-' || '01' || ' ' || '00' || ':' || '00' || ':' || '00'
                  ) AS TIMESTAMP(6))
                )
              END
            END AS DATE)
          )
        END AS "p2",
        CASE
          WHEN NOT (
            "x3"
          )
          THEN REGEXP_REPLACE(
            DATE_FORMAT(
              CASE
                WHEN REGEXP_LIKE(
                  "t3",
                  '\A(?:[\x09-\x0A\x0C-\x0D ]*(?:(?:[0-1][0-9]|2[0-3])\:[0-5][0-9](?:\:[0-5][0-9](?:\.[0-9]{1,9})?)?)[\x09-\x0A\x0C-\x0D ]*)\z'
                )
                THEN TRY_CAST((
                  REGEXP_EXTRACT(
                    TRIM(BOTH ' 	
' FROM (
                      '1970-01-01 ' || TRIM(BOTH ' 	
' FROM "t3")
                    )),
                    '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                    1
                  ) || ' ' || COALESCE(
                    NULLIF(
                      REGEXP_EXTRACT(
                        TRIM(BOTH ' 	
' FROM (
                          '1970-01-01 ' || TRIM(BOTH ' 	
' FROM "t3")
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
        END AS "p3",
        CASE
          WHEN NOT (
            "x4"
          )
          THEN REGEXP_REPLACE(
            DATE_FORMAT(
              CASE
                WHEN REGEXP_LIKE(
                  "t4",
                  '\A(?:[\x09-\x0A\x0C-\x0D ]*(?:[0-9]{1,2}\:[0-9]{1,2} [^\x0A]+)[\x09-\x0A\x0C-\x0D ]*)\z'
                )
                THEN TRY_CAST((
                  '1900' || '-' || '01' || '-' || '01' || ' ' || CASE
                    WHEN TRY_CAST(REGEXP_EXTRACT(
                      TRIM(BOTH ' 	
' FROM "t4"),
                      '\A\s*([0-9]{1,2}):([0-9]{1,2})\s+([AaPp][Mm])\s*\z',
                      1
                    ) AS INTEGER) BETWEEN 1 AND 12
                    THEN LPAD(
                      CAST((
                        TRY_CAST(REGEXP_EXTRACT(
                          TRIM(BOTH ' 	
' FROM "t4"),
                          '\A\s*([0-9]{1,2}):([0-9]{1,2})\s+([AaPp][Mm])\s*\z',
                          1
                        ) AS INTEGER) % 12
                      ) + CASE
                        WHEN LOWER(
                          REGEXP_EXTRACT(
                            TRIM(BOTH ' 	
' FROM "t4"),
                            '\A\s*([0-9]{1,2}):([0-9]{1,2})\s+([AaPp][Mm])\s*\z',
                            3
                          )
                        ) = 'pm'
                        THEN 12
                        ELSE 0
                      END AS VARCHAR),
                      2,
                      '0'
                    )
                  END || ':' || LPAD(
                    REGEXP_EXTRACT(
                      TRIM(BOTH ' 	
' FROM "t4"),
                      '\A\s*([0-9]{1,2}):([0-9]{1,2})\s+([AaPp][Mm])\s*\z',
                      2
                    ),
                    2,
                    '0'
                  ) || ':' || '00'
                ) AS TIMESTAMP(6))
              END,
              '%H:%i:%s.%f'
            ),
            '\.000000\z',
            ''
          )
        END AS "p4",
        CASE
          WHEN NOT (
            "x5"
          )
          THEN COALESCE(
            "n5",
            CASE
              WHEN REGEXP_LIKE(
                "t5",
                '\A(?:[\x09-\x0A\x0C-\x0D ]*(?:[0-9]{4}\-[0-9]{2}\-[0-9]{2}(?:[ T](?:[0-1][0-9]|2[0-3])\:[0-5][0-9](?:\:[0-5][0-9](?:\.[0-9]{1,9})?)?(?:Z|[\+\-](?:0[0-9]|1[0-4])(?:\:?[0-5][0-9])?)?)?)[\x09-\x0A\x0C-\x0D ]*)\z'
              )
              THEN COALESCE(
                WITH_TIMEZONE(
                  DATE_ADD(
                    'minute',
                    CASE
                      WHEN SUBSTR(
                        COALESCE(
                          REGEXP_EXTRACT(
                            TRIM(BOTH ' 	
' FROM "t5"),
                            '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                            3
                          ),
                          ''
                        ),
                        1,
                        1
                      ) = '+'
                      THEN -(
                        COALESCE(
                          TRY_CAST(SUBSTR(
                            COALESCE(
                              REGEXP_EXTRACT(
                                TRIM(BOTH ' 	
' FROM "t5"),
                                '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                                3
                              ),
                              ''
                            ),
                            2,
                            2
                          ) AS INTEGER),
                          0
                        ) * 60 + COALESCE(
                          TRY_CAST(REGEXP_EXTRACT(
                            COALESCE(
                              REGEXP_EXTRACT(
                                TRIM(BOTH ' 	
' FROM "t5"),
                                '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                                3
                              ),
                              ''
                            ),
                            '[+-][0-9]{2}:?([0-9]{2})',
                            1
                          ) AS INTEGER),
                          0
                        )
                      )
                      ELSE COALESCE(
                        TRY_CAST(SUBSTR(
                          COALESCE(
                            REGEXP_EXTRACT(
                              TRIM(BOTH ' 	
' FROM "t5"),
                              '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                              3
                            ),
                            ''
                          ),
                          2,
                          2
                        ) AS INTEGER),
                        0
                      ) * 60 + COALESCE(
                        TRY_CAST(REGEXP_EXTRACT(
                          COALESCE(
                            REGEXP_EXTRACT(
                              TRIM(BOTH ' 	
' FROM "t5"),
                              '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                              3
                            ),
                            ''
                          ),
                          '[+-][0-9]{2}:?([0-9]{2})',
                          1
                        ) AS INTEGER),
                        0
                      )
                    END,
                    TRY_CAST((
                      REGEXP_EXTRACT(
                        TRIM(BOTH ' 	
' FROM "t5"),
                        '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                        1
                      ) || ' ' || COALESCE(
                        NULLIF(
                          REGEXP_EXTRACT(
                            TRIM(BOTH ' 	
' FROM "t5"),
                            '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                            2
                          ),
                          ''
                        ),
                        '00:00'
                      )
                    ) AS TIMESTAMP(6))
                  ),
                  'UTC'
                ),
                WITH_TIMEZONE(
                  DATE_ADD(
                    'minute',
                    CASE
                      WHEN SUBSTR(
                        COALESCE(
                          REGEXP_EXTRACT(
                            TRIM(BOTH ' 	
' FROM REGEXP_REPLACE(
                              TRIM(BOTH ' 	
' FROM "t5"),
                              '([ T](?:[0-1][0-9]|2[0-3])\:[0-5][0-9])((?:Z|[\+\-](?:0[0-9]|1[0-4])(?:\:?[0-5][0-9])?))\z',
                              '$1:00$2'
                            )),
                            '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                            3
                          ),
                          ''
                        ),
                        1,
                        1
                      ) = '+'
                      THEN -(
                        COALESCE(
                          TRY_CAST(SUBSTR(
                            COALESCE(
                              REGEXP_EXTRACT(
                                TRIM(BOTH ' 	
' FROM REGEXP_REPLACE(
                                  TRIM(BOTH ' 	
' FROM "t5"),
                                  '([ T](?:[0-1][0-9]|2[0-3])\:[0-5][0-9])((?:Z|[\+\-](?:0[0-9]|1[0-4])(?:\:?[0-5][0-9])?))\z',
                                  '$1:00$2'
                                )),
                                '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                                3
                              ),
                              ''
                            ),
                            2,
                            2
                          ) AS INTEGER),
                          0
                        ) * 60 + COALESCE(
                          TRY_CAST(REGEXP_EXTRACT(
                            COALESCE(
                              REGEXP_EXTRACT(
                                TRIM(BOTH ' 	
' FROM REGEXP_REPLACE(
                                  TRIM(BOTH ' 	
' FROM "t5"),
                                  '([ T](?:[0-1][0-9]|2[0-3])\:[0-5][0-9])((?:Z|[\+\-](?:0[0-9]|1[0-4])(?:\:?[0-5][0-9])?))\z',
                                  '$1:00$2'
                                )),
                                '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                                3
                              ),
                              ''
                            ),
                            '[+-][0-9]{2}:?([0-9]{2})',
                            1
                          ) AS INTEGER),
                          0
                        )
                      )
                      ELSE COALESCE(
                        TRY_CAST(SUBSTR(
                          COALESCE(
                            REGEXP_EXTRACT(
                              TRIM(BOTH ' 	
' FROM REGEXP_REPLACE(
                                TRIM(BOTH ' 	
' FROM "t5"),
                                '([ T](?:[0-1][0-9]|2[0-3])\:[0-5][0-9])((?:Z|[\+\-](?:0[0-9]|1[0-4])(?:\:?[0-5][0-9])?))\z',
                                '$1:00$2'
                              )),
                              '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                              3
                            ),
                            ''
                          ),
                          2,
                          2
                        ) AS INTEGER),
                        0
                      ) * 60 + COALESCE(
                        TRY_CAST(REGEXP_EXTRACT(
                          COALESCE(
                            REGEXP_EXTRACT(
                              TRIM(BOTH ' 	
' FROM REGEXP_REPLACE(
                                TRIM(BOTH ' 	
' FROM "t5"),
                                '([ T](?:[0-1][0-9]|2[0-3])\:[0-5][0-9])((?:Z|[\+\-](?:0[0-9]|1[0-4])(?:\:?[0-5][0-9])?))\z',
                                '$1:00$2'
                              )),
                              '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                              3
                            ),
                            ''
                          ),
                          '[+-][0-9]{2}:?([0-9]{2})',
                          1
                        ) AS INTEGER),
                        0
                      )
                    END,
                    TRY_CAST((
                      REGEXP_EXTRACT(
                        TRIM(BOTH ' 	
' FROM REGEXP_REPLACE(
                          TRIM(BOTH ' 	
' FROM "t5"),
                          '([ T](?:[0-1][0-9]|2[0-3])\:[0-5][0-9])((?:Z|[\+\-](?:0[0-9]|1[0-4])(?:\:?[0-5][0-9])?))\z',
                          '$1:00$2'
                        )),
                        '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                        1
                      ) || ' ' || COALESCE(
                        NULLIF(
                          REGEXP_EXTRACT(
                            TRIM(BOTH ' 	
' FROM REGEXP_REPLACE(
                              TRIM(BOTH ' 	
' FROM "t5"),
                              '([ T](?:[0-1][0-9]|2[0-3])\:[0-5][0-9])((?:Z|[\+\-](?:0[0-9]|1[0-4])(?:\:?[0-5][0-9])?))\z',
                              '$1:00$2'
                            )),
                            '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                            2
                          ),
                          ''
                        ),
                        '00:00'
                      )
                    ) AS TIMESTAMP(6))
                  ),
                  'UTC'
                )
              )
            END
          )
        END AS "p5",
        CASE
          WHEN NOT (
            "x6"
          )
          THEN COALESCE(
            "n6",
            CASE
              WHEN NOT REGEXP_LIKE(
                "t6",
                '\A(?:[\x09-\x0A\x0C-\x0D ]*(?:[0-9]{4}\-[0-9]{2}\-[0-9]{2}(?:[ T](?:[0-1][0-9]|2[0-3])\:[0-5][0-9](?:\:[0-5][0-9](?:\.[0-9]{1,9})?)?(?:Z|[\+\-](?:0[0-9]|1[0-4])(?:\:?[0-5][0-9])?)?)?)[\x09-\x0A\x0C-\x0D ]*)\z'
              )
              THEN NULL
              WHEN REGEXP_LIKE(
                "t6",
                '\A(?:[\x09-\x0A\x0C-\x0D ]*(?:[^\x0A]*\:[^\x0A]*(?:Z|[\+\-](?:0[0-9]|1[0-4])(?:\:?[0-5][0-9])?))[\x09-\x0A\x0C-\x0D ]*)\z'
              )
              THEN COALESCE(
                WITH_TIMEZONE(
                  DATE_ADD(
                    'minute',
                    CASE
                      WHEN SUBSTR(
                        COALESCE(
                          REGEXP_EXTRACT(
                            TRIM(BOTH ' 	
' FROM "t6"),
                            '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                            3
                          ),
                          ''
                        ),
                        1,
                        1
                      ) = '+'
                      THEN -(
                        COALESCE(
                          TRY_CAST(SUBSTR(
                            COALESCE(
                              REGEXP_EXTRACT(
                                TRIM(BOTH ' 	
' FROM "t6"),
                                '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                                3
                              ),
                              ''
                            ),
                            2,
                            2
                          ) AS INTEGER),
                          0
                        ) * 60 + COALESCE(
                          TRY_CAST(REGEXP_EXTRACT(
                            COALESCE(
                              REGEXP_EXTRACT(
                                TRIM(BOTH ' 	
' FROM "t6"),
                                '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                                3
                              ),
                              ''
                            ),
                            '[+-][0-9]{2}:?([0-9]{2})',
                            1
                          ) AS INTEGER),
                          0
                        )
                      )
                      ELSE COALESCE(
                        TRY_CAST(SUBSTR(
                          COALESCE(
                            REGEXP_EXTRACT(
                              TRIM(BOTH ' 	
' FROM "t6"),
                              '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                              3
                            ),
                            ''
                          ),
                          2,
                          2
                        ) AS INTEGER),
                        0
                      ) * 60 + COALESCE(
                        TRY_CAST(REGEXP_EXTRACT(
                          COALESCE(
                            REGEXP_EXTRACT(
                              TRIM(BOTH ' 	
' FROM "t6"),
                              '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                              3
                            ),
                            ''
                          ),
                          '[+-][0-9]{2}:?([0-9]{2})',
                          1
                        ) AS INTEGER),
                        0
                      )
                    END,
                    TRY_CAST((
                      REGEXP_EXTRACT(
                        TRIM(BOTH ' 	
' FROM "t6"),
                        '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                        1
                      ) || ' ' || COALESCE(
                        NULLIF(
                          REGEXP_EXTRACT(
                            TRIM(BOTH ' 	
' FROM "t6"),
                            '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                            2
                          ),
                          ''
                        ),
                        '00:00'
                      )
                    ) AS TIMESTAMP(6))
                  ),
                  'UTC'
                ),
                WITH_TIMEZONE(
                  DATE_ADD(
                    'minute',
                    CASE
                      WHEN SUBSTR(
                        COALESCE(
                          REGEXP_EXTRACT(
                            TRIM(BOTH ' 	
' FROM REGEXP_REPLACE(
                              TRIM(BOTH ' 	
' FROM "t6"),
                              '([ T](?:[0-1][0-9]|2[0-3])\:[0-5][0-9])((?:Z|[\+\-](?:0[0-9]|1[0-4])(?:\:?[0-5][0-9])?))\z',
                              '$1:00$2'
                            )),
                            '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                            3
                          ),
                          ''
                        ),
                        1,
                        1
                      ) = '+'
                      THEN -(
                        COALESCE(
                          TRY_CAST(SUBSTR(
                            COALESCE(
                              REGEXP_EXTRACT(
                                TRIM(BOTH ' 	
' FROM REGEXP_REPLACE(
                                  TRIM(BOTH ' 	
' FROM "t6"),
                                  '([ T](?:[0-1][0-9]|2[0-3])\:[0-5][0-9])((?:Z|[\+\-](?:0[0-9]|1[0-4])(?:\:?[0-5][0-9])?))\z',
                                  '$1:00$2'
                                )),
                                '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                                3
                              ),
                              ''
                            ),
                            2,
                            2
                          ) AS INTEGER),
                          0
                        ) * 60 + COALESCE(
                          TRY_CAST(REGEXP_EXTRACT(
                            COALESCE(
                              REGEXP_EXTRACT(
                                TRIM(BOTH ' 	
' FROM REGEXP_REPLACE(
                                  TRIM(BOTH ' 	
' FROM "t6"),
                                  '([ T](?:[0-1][0-9]|2[0-3])\:[0-5][0-9])((?:Z|[\+\-](?:0[0-9]|1[0-4])(?:\:?[0-5][0-9])?))\z',
                                  '$1:00$2'
                                )),
                                '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                                3
                              ),
                              ''
                            ),
                            '[+-][0-9]{2}:?([0-9]{2})',
                            1
                          ) AS INTEGER),
                          0
                        )
                      )
                      ELSE COALESCE(
                        TRY_CAST(SUBSTR(
                          COALESCE(
                            REGEXP_EXTRACT(
                              TRIM(BOTH ' 	
' FROM REGEXP_REPLACE(
                                TRIM(BOTH ' 	
' FROM "t6"),
                                '([ T](?:[0-1][0-9]|2[0-3])\:[0-5][0-9])((?:Z|[\+\-](?:0[0-9]|1[0-4])(?:\:?[0-5][0-9])?))\z',
                                '$1:00$2'
                              )),
                              '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                              3
                            ),
                            ''
                          ),
                          2,
                          2
                        ) AS INTEGER),
                        0
                      ) * 60 + COALESCE(
                        TRY_CAST(REGEXP_EXTRACT(
                          COALESCE(
                            REGEXP_EXTRACT(
                              TRIM(BOTH ' 	
' FROM REGEXP_REPLACE(
                                TRIM(BOTH ' 	
' FROM "t6"),
                                '([ T](?:[0-1][0-9]|2[0-3])\:[0-5][0-9])((?:Z|[\+\-](?:0[0-9]|1[0-4])(?:\:?[0-5][0-9])?))\z',
                                '$1:00$2'
                              )),
                              '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                              3
                            ),
                            ''
                          ),
                          '[+-][0-9]{2}:?([0-9]{2})',
                          1
                        ) AS INTEGER),
                        0
                      )
                    END,
                    TRY_CAST((
                      REGEXP_EXTRACT(
                        TRIM(BOTH ' 	
' FROM REGEXP_REPLACE(
                          TRIM(BOTH ' 	
' FROM "t6"),
                          '([ T](?:[0-1][0-9]|2[0-3])\:[0-5][0-9])((?:Z|[\+\-](?:0[0-9]|1[0-4])(?:\:?[0-5][0-9])?))\z',
                          '$1:00$2'
                        )),
                        '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                        1
                      ) || ' ' || COALESCE(
                        NULLIF(
                          REGEXP_EXTRACT(
                            TRIM(BOTH ' 	
' FROM REGEXP_REPLACE(
                              TRIM(BOTH ' 	
' FROM "t6"),
                              '([ T](?:[0-1][0-9]|2[0-3])\:[0-5][0-9])((?:Z|[\+\-](?:0[0-9]|1[0-4])(?:\:?[0-5][0-9])?))\z',
                              '$1:00$2'
                            )),
                            '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                            2
                          ),
                          ''
                        ),
                        '00:00'
                      )
                    ) AS TIMESTAMP(6))
                  ),
                  'UTC'
                )
              )
              ELSE AT_TIMEZONE(
                WITH_TIMEZONE(
                  TRY_CAST((
                    REGEXP_EXTRACT(
                      TRIM(BOTH ' 	
' FROM TRIM(BOTH ' 	
' FROM "t6")),
                      '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                      1
                    ) || ' ' || COALESCE(
                      NULLIF(
                        REGEXP_EXTRACT(
                          TRIM(BOTH ' 	
' FROM TRIM(BOTH ' 	
' FROM "t6")),
                          '\A(.{10})(?:[T ]([0-9:]+(?:\.[0-9]{1,6})?)[0-9]*(Z|[+-].*)?)?\z',
                          2
                        ),
                        ''
                      ),
                      '00:00'
                    )
                  ) AS TIMESTAMP(6)),
                  'Europe/Paris'
                ),
                'UTC'
              )
            END
          )
        END AS "p6",
        CASE
          WHEN NOT (
            "x7"
          )
          THEN COALESCE(
            "n7",
            CASE
              WHEN REGEXP_LIKE(
                "t7",
                '\A(?:[\x09-\x0A\x0C-\x0D ]*(?:[0-9]{1,2}\/[^\x0A]+\/[0-9]{4}\:[0-9]{1,2}\:[0-9]{1,2}\:[0-9]{1,2} (?:Z|[\+\-][0-9]{2}\:?(?:[0-9]{2})?))[\x09-\x0A\x0C-\x0D ]*)\z'
              )
              THEN WITH_TIMEZONE(
                DATE_ADD(
                  'minute',
                  CASE
                    WHEN SUBSTR(
                      REGEXP_EXTRACT(
                        REGEXP_REPLACE(TRIM(BOTH ' 	
' FROM "t7"), 'Z\z', '+00'),
                        '\A\s*([0-9]{1,2})/([Jj][Aa][Nn]|[Ff][Ee][Bb]|[Mm][Aa][Rr]|[Aa][Pp][Rr]|[Mm][Aa][Yy]|[Jj][Uu][Nn]|[Jj][Uu][Ll]|[Aa][Uu][Gg]|[Ss][Ee][Pp]|[Oo][Cc][Tt]|[Nn][Oo][Vv]|[Dd][Ee][Cc])/([0-9]{4}):([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\s+([+-][0-9]{2}:?(?:[0-9]{2})?)\s*\z',
                        7
                      ),
                      1,
                      1
                    ) = '+'
                    THEN -(
                      COALESCE(
                        TRY_CAST(SUBSTR(
                          REGEXP_EXTRACT(
                            REGEXP_REPLACE(TRIM(BOTH ' 	
' FROM "t7"), 'Z\z', '+00'),
                            '\A\s*([0-9]{1,2})/([Jj][Aa][Nn]|[Ff][Ee][Bb]|[Mm][Aa][Rr]|[Aa][Pp][Rr]|[Mm][Aa][Yy]|[Jj][Uu][Nn]|[Jj][Uu][Ll]|[Aa][Uu][Gg]|[Ss][Ee][Pp]|[Oo][Cc][Tt]|[Nn][Oo][Vv]|[Dd][Ee][Cc])/([0-9]{4}):([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\s+([+-][0-9]{2}:?(?:[0-9]{2})?)\s*\z',
                            7
                          ),
                          2,
                          2
                        ) AS INTEGER),
                        0
                      ) * 60 + COALESCE(
                        TRY_CAST(REGEXP_EXTRACT(
                          REGEXP_EXTRACT(
                            REGEXP_REPLACE(TRIM(BOTH ' 	
' FROM "t7"), 'Z\z', '+00'),
                            '\A\s*([0-9]{1,2})/([Jj][Aa][Nn]|[Ff][Ee][Bb]|[Mm][Aa][Rr]|[Aa][Pp][Rr]|[Mm][Aa][Yy]|[Jj][Uu][Nn]|[Jj][Uu][Ll]|[Aa][Uu][Gg]|[Ss][Ee][Pp]|[Oo][Cc][Tt]|[Nn][Oo][Vv]|[Dd][Ee][Cc])/([0-9]{4}):([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\s+([+-][0-9]{2}:?(?:[0-9]{2})?)\s*\z',
                            7
                          ),
                          '[+-][0-9]{2}:?([0-9]{2})',
                          1
                        ) AS INTEGER),
                        0
                      )
                    )
                    ELSE COALESCE(
                      TRY_CAST(SUBSTR(
                        REGEXP_EXTRACT(
                          REGEXP_REPLACE(TRIM(BOTH ' 	
' FROM "t7"), 'Z\z', '+00'),
                          '\A\s*([0-9]{1,2})/([Jj][Aa][Nn]|[Ff][Ee][Bb]|[Mm][Aa][Rr]|[Aa][Pp][Rr]|[Mm][Aa][Yy]|[Jj][Uu][Nn]|[Jj][Uu][Ll]|[Aa][Uu][Gg]|[Ss][Ee][Pp]|[Oo][Cc][Tt]|[Nn][Oo][Vv]|[Dd][Ee][Cc])/([0-9]{4}):([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\s+([+-][0-9]{2}:?(?:[0-9]{2})?)\s*\z',
                          7
                        ),
                        2,
                        2
                      ) AS INTEGER),
                      0
                    ) * 60 + COALESCE(
                      TRY_CAST(REGEXP_EXTRACT(
                        REGEXP_EXTRACT(
                          REGEXP_REPLACE(TRIM(BOTH ' 	
' FROM "t7"), 'Z\z', '+00'),
                          '\A\s*([0-9]{1,2})/([Jj][Aa][Nn]|[Ff][Ee][Bb]|[Mm][Aa][Rr]|[Aa][Pp][Rr]|[Mm][Aa][Yy]|[Jj][Uu][Nn]|[Jj][Uu][Ll]|[Aa][Uu][Gg]|[Ss][Ee][Pp]|[Oo][Cc][Tt]|[Nn][Oo][Vv]|[Dd][Ee][Cc])/([0-9]{4}):([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\s+([+-][0-9]{2}:?(?:[0-9]{2})?)\s*\z',
                          7
                        ),
                        '[+-][0-9]{2}:?([0-9]{2})',
                        1
                      ) AS INTEGER),
                      0
                    )
                  END,
                  TRY_CAST((
                    REGEXP_EXTRACT(
                      REGEXP_REPLACE(TRIM(BOTH ' 	
' FROM "t7"), 'Z\z', '+00'),
                      '\A\s*([0-9]{1,2})/([Jj][Aa][Nn]|[Ff][Ee][Bb]|[Mm][Aa][Rr]|[Aa][Pp][Rr]|[Mm][Aa][Yy]|[Jj][Uu][Nn]|[Jj][Uu][Ll]|[Aa][Uu][Gg]|[Ss][Ee][Pp]|[Oo][Cc][Tt]|[Nn][Oo][Vv]|[Dd][Ee][Cc])/([0-9]{4}):([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\s+([+-][0-9]{2}:?(?:[0-9]{2})?)\s*\z',
                      3
                    ) || '-' || CASE
                      WHEN LOWER(
                        REGEXP_EXTRACT(
                          REGEXP_REPLACE(TRIM(BOTH ' 	
' FROM "t7"), 'Z\z', '+00'),
                          '\A\s*([0-9]{1,2})/([Jj][Aa][Nn]|[Ff][Ee][Bb]|[Mm][Aa][Rr]|[Aa][Pp][Rr]|[Mm][Aa][Yy]|[Jj][Uu][Nn]|[Jj][Uu][Ll]|[Aa][Uu][Gg]|[Ss][Ee][Pp]|[Oo][Cc][Tt]|[Nn][Oo][Vv]|[Dd][Ee][Cc])/([0-9]{4}):([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\s+([+-][0-9]{2}:?(?:[0-9]{2})?)\s*\z',
                          2
                        )
                      ) = 'jan'
                      THEN '01'
                      WHEN LOWER(
                        REGEXP_EXTRACT(
                          REGEXP_REPLACE(TRIM(BOTH ' 	
' FROM "t7"), 'Z\z', '+00'),
                          '\A\s*([0-9]{1,2})/([Jj][Aa][Nn]|[Ff][Ee][Bb]|[Mm][Aa][Rr]|[Aa][Pp][Rr]|[Mm][Aa][Yy]|[Jj][Uu][Nn]|[Jj][Uu][Ll]|[Aa][Uu][Gg]|[Ss][Ee][Pp]|[Oo][Cc][Tt]|[Nn][Oo][Vv]|[Dd][Ee][Cc])/([0-9]{4}):([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\s+([+-][0-9]{2}:?(?:[0-9]{2})?)\s*\z',
                          2
                        )
                      ) = 'feb'
                      THEN '02'
                      WHEN LOWER(
                        REGEXP_EXTRACT(
                          REGEXP_REPLACE(TRIM(BOTH ' 	
' FROM "t7"), 'Z\z', '+00'),
                          '\A\s*([0-9]{1,2})/([Jj][Aa][Nn]|[Ff][Ee][Bb]|[Mm][Aa][Rr]|[Aa][Pp][Rr]|[Mm][Aa][Yy]|[Jj][Uu][Nn]|[Jj][Uu][Ll]|[Aa][Uu][Gg]|[Ss][Ee][Pp]|[Oo][Cc][Tt]|[Nn][Oo][Vv]|[Dd][Ee][Cc])/([0-9]{4}):([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\s+([+-][0-9]{2}:?(?:[0-9]{2})?)\s*\z',
                          2
                        )
                      ) = 'mar'
                      THEN '03'
                      WHEN LOWER(
                        REGEXP_EXTRACT(
                          REGEXP_REPLACE(TRIM(BOTH ' 	
' FROM "t7"), 'Z\z', '+00'),
                          '\A\s*([0-9]{1,2})/([Jj][Aa][Nn]|[Ff][Ee][Bb]|[Mm][Aa][Rr]|[Aa][Pp][Rr]|[Mm][Aa][Yy]|[Jj][Uu][Nn]|[Jj][Uu][Ll]|[Aa][Uu][Gg]|[Ss][Ee][Pp]|[Oo][Cc][Tt]|[Nn][Oo][Vv]|[Dd][Ee][Cc])/([0-9]{4}):([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\s+([+-][0-9]{2}:?(?:[0-9]{2})?)\s*\z',
                          2
                        )
                      ) = 'apr'
                      THEN '04'
                      WHEN LOWER(
                        REGEXP_EXTRACT(
                          REGEXP_REPLACE(TRIM(BOTH ' 	
' FROM "t7"), 'Z\z', '+00'),
                          '\A\s*([0-9]{1,2})/([Jj][Aa][Nn]|[Ff][Ee][Bb]|[Mm][Aa][Rr]|[Aa][Pp][Rr]|[Mm][Aa][Yy]|[Jj][Uu][Nn]|[Jj][Uu][Ll]|[Aa][Uu][Gg]|[Ss][Ee][Pp]|[Oo][Cc][Tt]|[Nn][Oo][Vv]|[Dd][Ee][Cc])/([0-9]{4}):([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\s+([+-][0-9]{2}:?(?:[0-9]{2})?)\s*\z',
                          2
                        )
                      ) = 'may'
                      THEN '05'
                      WHEN LOWER(
                        REGEXP_EXTRACT(
                          REGEXP_REPLACE(TRIM(BOTH ' 	
' FROM "t7"), 'Z\z', '+00'),
                          '\A\s*([0-9]{1,2})/([Jj][Aa][Nn]|[Ff][Ee][Bb]|[Mm][Aa][Rr]|[Aa][Pp][Rr]|[Mm][Aa][Yy]|[Jj][Uu][Nn]|[Jj][Uu][Ll]|[Aa][Uu][Gg]|[Ss][Ee][Pp]|[Oo][Cc][Tt]|[Nn][Oo][Vv]|[Dd][Ee][Cc])/([0-9]{4}):([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\s+([+-][0-9]{2}:?(?:[0-9]{2})?)\s*\z',
                          2
                        )
                      ) = 'jun'
                      THEN '06'
                      WHEN LOWER(
                        REGEXP_EXTRACT(
                          REGEXP_REPLACE(TRIM(BOTH ' 	
' FROM "t7"), 'Z\z', '+00'),
                          '\A\s*([0-9]{1,2})/([Jj][Aa][Nn]|[Ff][Ee][Bb]|[Mm][Aa][Rr]|[Aa][Pp][Rr]|[Mm][Aa][Yy]|[Jj][Uu][Nn]|[Jj][Uu][Ll]|[Aa][Uu][Gg]|[Ss][Ee][Pp]|[Oo][Cc][Tt]|[Nn][Oo][Vv]|[Dd][Ee][Cc])/([0-9]{4}):([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\s+([+-][0-9]{2}:?(?:[0-9]{2})?)\s*\z',
                          2
                        )
                      ) = 'jul'
                      THEN '07'
                      WHEN LOWER(
                        REGEXP_EXTRACT(
                          REGEXP_REPLACE(TRIM(BOTH ' 	
' FROM "t7"), 'Z\z', '+00'),
                          '\A\s*([0-9]{1,2})/([Jj][Aa][Nn]|[Ff][Ee][Bb]|[Mm][Aa][Rr]|[Aa][Pp][Rr]|[Mm][Aa][Yy]|[Jj][Uu][Nn]|[Jj][Uu][Ll]|[Aa][Uu][Gg]|[Ss][Ee][Pp]|[Oo][Cc][Tt]|[Nn][Oo][Vv]|[Dd][Ee][Cc])/([0-9]{4}):([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\s+([+-][0-9]{2}:?(?:[0-9]{2})?)\s*\z',
                          2
                        )
                      ) = 'aug'
                      THEN '08'
                      WHEN LOWER(
                        REGEXP_EXTRACT(
                          REGEXP_REPLACE(TRIM(BOTH ' 	
' FROM "t7"), 'Z\z', '+00'),
                          '\A\s*([0-9]{1,2})/([Jj][Aa][Nn]|[Ff][Ee][Bb]|[Mm][Aa][Rr]|[Aa][Pp][Rr]|[Mm][Aa][Yy]|[Jj][Uu][Nn]|[Jj][Uu][Ll]|[Aa][Uu][Gg]|[Ss][Ee][Pp]|[Oo][Cc][Tt]|[Nn][Oo][Vv]|[Dd][Ee][Cc])/([0-9]{4}):([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\s+([+-][0-9]{2}:?(?:[0-9]{2})?)\s*\z',
                          2
                        )
                      ) = 'sep'
                      THEN '09'
                      WHEN LOWER(
                        REGEXP_EXTRACT(
                          REGEXP_REPLACE(TRIM(BOTH ' 	
' FROM "t7"), 'Z\z', '+00'),
                          '\A\s*([0-9]{1,2})/([Jj][Aa][Nn]|[Ff][Ee][Bb]|[Mm][Aa][Rr]|[Aa][Pp][Rr]|[Mm][Aa][Yy]|[Jj][Uu][Nn]|[Jj][Uu][Ll]|[Aa][Uu][Gg]|[Ss][Ee][Pp]|[Oo][Cc][Tt]|[Nn][Oo][Vv]|[Dd][Ee][Cc])/([0-9]{4}):([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\s+([+-][0-9]{2}:?(?:[0-9]{2})?)\s*\z',
                          2
                        )
                      ) = 'oct'
                      THEN '10'
                      WHEN LOWER(
                        REGEXP_EXTRACT(
                          REGEXP_REPLACE(TRIM(BOTH ' 	
' FROM "t7"), 'Z\z', '+00'),
                          '\A\s*([0-9]{1,2})/([Jj][Aa][Nn]|[Ff][Ee][Bb]|[Mm][Aa][Rr]|[Aa][Pp][Rr]|[Mm][Aa][Yy]|[Jj][Uu][Nn]|[Jj][Uu][Ll]|[Aa][Uu][Gg]|[Ss][Ee][Pp]|[Oo][Cc][Tt]|[Nn][Oo][Vv]|[Dd][Ee][Cc])/([0-9]{4}):([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\s+([+-][0-9]{2}:?(?:[0-9]{2})?)\s*\z',
                          2
                        )
                      ) = 'nov'
                      THEN '11'
                      WHEN LOWER(
                        REGEXP_EXTRACT(
                          REGEXP_REPLACE(TRIM(BOTH ' 	
' FROM "t7"), 'Z\z', '+00'),
                          '\A\s*([0-9]{1,2})/([Jj][Aa][Nn]|[Ff][Ee][Bb]|[Mm][Aa][Rr]|[Aa][Pp][Rr]|[Mm][Aa][Yy]|[Jj][Uu][Nn]|[Jj][Uu][Ll]|[Aa][Uu][Gg]|[Ss][Ee][Pp]|[Oo][Cc][Tt]|[Nn][Oo][Vv]|[Dd][Ee][Cc])/([0-9]{4}):([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\s+([+-][0-9]{2}:?(?:[0-9]{2})?)\s*\z',
                          2
                        )
                      ) = 'dec'
                      THEN '12'
                    END || '-' || LPAD(
                      REGEXP_EXTRACT(
                        REGEXP_REPLACE(TRIM(BOTH ' 	
' FROM "t7"), 'Z\z', '+00'),
                        '\A\s*([0-9]{1,2})/([Jj][Aa][Nn]|[Ff][Ee][Bb]|[Mm][Aa][Rr]|[Aa][Pp][Rr]|[Mm][Aa][Yy]|[Jj][Uu][Nn]|[Jj][Uu][Ll]|[Aa][Uu][Gg]|[Ss][Ee][Pp]|[Oo][Cc][Tt]|[Nn][Oo][Vv]|[Dd][Ee][Cc])/([0-9]{4}):([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\s+([+-][0-9]{2}:?(?:[0-9]{2})?)\s*\z',
                        1
                      ),
                      2,
                      '0'
                    ) || ' ' || LPAD(
                      REGEXP_EXTRACT(
                        REGEXP_REPLACE(TRIM(BOTH ' 	
' FROM "t7"), 'Z\z', '+00'),
                        '\A\s*([0-9]{1,2})/([Jj][Aa][Nn]|[Ff][Ee][Bb]|[Mm][Aa][Rr]|[Aa][Pp][Rr]|[Mm][Aa][Yy]|[Jj][Uu][Nn]|[Jj][Uu][Ll]|[Aa][Uu][Gg]|[Ss][Ee][Pp]|[Oo][Cc][Tt]|[Nn][Oo][Vv]|[Dd][Ee][Cc])/([0-9]{4}):([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\s+([+-][0-9]{2}:?(?:[0-9]{2})?)\s*\z',
                        4
                      ),
                      2,
                      '0'
                    ) || ':' || LPAD(
                      REGEXP_EXTRACT(
                        REGEXP_REPLACE(TRIM(BOTH ' 	
' FROM "t7"), 'Z\z', '+00'),
                        '\A\s*([0-9]{1,2})/([Jj][Aa][Nn]|[Ff][Ee][Bb]|[Mm][Aa][Rr]|[Aa][Pp][Rr]|[Mm][Aa][Yy]|[Jj][Uu][Nn]|[Jj][Uu][Ll]|[Aa][Uu][Gg]|[Ss][Ee][Pp]|[Oo][Cc][Tt]|[Nn][Oo][Vv]|[Dd][Ee][Cc])/([0-9]{4}):([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\s+([+-][0-9]{2}:?(?:[0-9]{2})?)\s*\z',
                        5
                      ),
                      2,
                      '0'
                    ) || ':' || LPAD(
                      REGEXP_EXTRACT(
                        REGEXP_REPLACE(TRIM(BOTH ' 	
' FROM "t7"), 'Z\z', '+00'),
                        '\A\s*([0-9]{1,2})/([Jj][Aa][Nn]|[Ff][Ee][Bb]|[Mm][Aa][Rr]|[Aa][Pp][Rr]|[Mm][Aa][Yy]|[Jj][Uu][Nn]|[Jj][Uu][Ll]|[Aa][Uu][Gg]|[Ss][Ee][Pp]|[Oo][Cc][Tt]|[Nn][Oo][Vv]|[Dd][Ee][Cc])/([0-9]{4}):([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\s+([+-][0-9]{2}:?(?:[0-9]{2})?)\s*\z',
                        6
                      ),
                      2,
                      '0'
                    )
                  ) AS TIMESTAMP(6))
                ),
                'UTC'
              )
            END
          )
        END AS "p7",
        CASE
          WHEN NOT (
            "x8"
          )
          THEN COALESCE(
            "n8",
            CAST(CASE
              WHEN REGEXP_LIKE(
                "t8",
                '\A(?:[\x09-\x0A\x0C-\x0D ]*(?:[0-9]{4}\-[0-9]{1,2}\-[0-9]{1,2} [0-9]{1,2}\:[0-9]{1,2}\:[0-9]{1,2}\.[0-9]{1,6})[\x09-\x0A\x0C-\x0D ]*)\z'
              )
              THEN TRY_CAST((
                REGEXP_EXTRACT(
                  TRIM(BOTH ' 	
' FROM "t8"),
                  '\A\s*([0-9]{4})\-([0-9]{1,2})\-([0-9]{1,2})\s+([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\.([0-9]{1,6})\s*\z',
                  1
                ) || '-' || LPAD(
                  REGEXP_EXTRACT(
                    TRIM(BOTH ' 	
' FROM "t8"),
                    '\A\s*([0-9]{4})\-([0-9]{1,2})\-([0-9]{1,2})\s+([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\.([0-9]{1,6})\s*\z',
                    2
                  ),
                  2,
                  '0'
                ) || '-' || LPAD(
                  REGEXP_EXTRACT(
                    TRIM(BOTH ' 	
' FROM "t8"),
                    '\A\s*([0-9]{4})\-([0-9]{1,2})\-([0-9]{1,2})\s+([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\.([0-9]{1,6})\s*\z',
                    3
                  ),
                  2,
                  '0'
                ) || ' ' || LPAD(
                  REGEXP_EXTRACT(
                    TRIM(BOTH ' 	
' FROM "t8"),
                    '\A\s*([0-9]{4})\-([0-9]{1,2})\-([0-9]{1,2})\s+([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\.([0-9]{1,6})\s*\z',
                    4
                  ),
                  2,
                  '0'
                ) || ':' || LPAD(
                  REGEXP_EXTRACT(
                    TRIM(BOTH ' 	
' FROM "t8"),
                    '\A\s*([0-9]{4})\-([0-9]{1,2})\-([0-9]{1,2})\s+([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\.([0-9]{1,6})\s*\z',
                    5
                  ),
                  2,
                  '0'
                ) || ':' || LPAD(
                  REGEXP_EXTRACT(
                    TRIM(BOTH ' 	
' FROM "t8"),
                    '\A\s*([0-9]{4})\-([0-9]{1,2})\-([0-9]{1,2})\s+([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\.([0-9]{1,6})\s*\z',
                    6
                  ),
                  2,
                  '0'
                ) || '.' || RPAD(
                  REGEXP_EXTRACT(
                    TRIM(BOTH ' 	
' FROM "t8"),
                    '\A\s*([0-9]{4})\-([0-9]{1,2})\-([0-9]{1,2})\s+([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})\.([0-9]{1,6})\s*\z',
                    7
                  ),
                  6,
                  '0'
                )
              ) AS TIMESTAMP(6))
            END AS TIMESTAMP(6) WITH TIME ZONE)
          )
        END AS "p8"
      FROM (
        SELECT
          *
        FROM "lake"."texts"
        CROSS JOIN (
          SELECT
            FROM_HEX(?) AS "masking_key",
            FROM_HEX(?) AS "token_key"
        ) AS "keys"
      ) AS "rows"
    ) AS "rows"
  ) AS "rows"
) AS "rows"
