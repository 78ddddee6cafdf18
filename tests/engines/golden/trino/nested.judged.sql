SELECT
  "entry" AS "entry",
  "place" AS "place",
  "v0" AS "o0",
  CASE
    WHEN NOT "t1_shaped"."value" IS NULL
    THEN CAST(ROW(
      "t1_shaped"."value"."f0",
      TRANSFORM(
        "t1_shaped"."value"."f1",
        "x0" -> CASE
          WHEN REGEXP_LIKE(
            "x0",
            '\A(?:[\x09-\x0A\x0C-\x0D ]*(?:[\+\-]?[0-9]*(?:\.[0-9]{0,2}0*)?)[\x09-\x0A\x0C-\x0D ]*)\z'
          )
          THEN TRY_CAST(TRIM(BOTH ' 	
' FROM "x0") AS DECIMAL(6, 2))
          WHEN REGEXP_LIKE(
            "x0",
            '\A(?:[\x09-\x0A\x0C-\x0D ]*(?:[\+\-]?[\.0-9]{1,16}[Ee][\+\-]?[0-9]{1,3})[\x09-\x0A\x0C-\x0D ]*)\z'
          )
          AND TRY_CAST(TRY_CAST(TRIM(BOTH ' 	
' FROM "x0") AS DECIMAL(6, 2)) AS DOUBLE) = TRY_CAST(TRIM(BOTH ' 	
' FROM "x0") AS DOUBLE)
          THEN TRY_CAST(TRIM(BOTH ' 	
' FROM "x0") AS DECIMAL(6, 2))
        END
      ),
      CASE
        WHEN LENGTH(CAST("t1_shaped"."value"."f2" AS VARCHAR)) > 8
        THEN (
          RPAD('', LENGTH(CAST("t1_shaped"."value"."f2" AS VARCHAR)) - 4, '*') || SUBSTR(
            CAST("t1_shaped"."value"."f2" AS VARCHAR),
            LENGTH(CAST("t1_shaped"."value"."f2" AS VARCHAR)) - (
              4 - 1
            )
          )
        )
        ELSE RPAD('', LENGTH(CAST("t1_shaped"."value"."f2" AS VARCHAR)), '*')
      END
    ) AS ROW("name" VARCHAR, "stones" ARRAY(DECIMAL(6, 2)), "miller" VARCHAR))
  END AS "o1",
  "v2" AS "o2",
  CASE
    WHEN NOT NULLIF(
      CONCAT_WS(',', "extra", "t0_shaped"."unknown", "t1_shaped"."unknown", "t2_shaped"."unknown"),
      ''
    ) IS NULL
    THEN (
      '{' || NULLIF(
        CONCAT_WS(',', "extra", "t0_shaped"."unknown", "t1_shaped"."unknown", "t2_shaped"."unknown"),
        ''
      ) || '}'
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
              '"Tags":' || COALESCE("t0_shaped"."raw", "j0")
            ),
            (
              '"Mill":' || COALESCE("t1_shaped"."raw", "j1")
            ),
            (
              '"More":' || COALESCE("t2_shaped"."raw", "j2")
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
            CARDINALITY("v0") < 1
          )
          OR (
            (
              CARDINALITY("v0") > 3
            )
            OR (
              CARDINALITY(ARRAY_DISTINCT(FILTER("v0", "x" -> NOT "x" IS NULL))) + LEAST(CARDINALITY(FILTER("v0", "x" -> "x" IS NULL)), 1) < CARDINALITY("v0")
            )
          )
        )
        OR (
          (
            COALESCE(CARDINALITY("t0_shaped"."faults"), 0) > 0
          )
          OR (
            NOT REGEXP_LIKE("t1_shaped"."value"."f0", '\A(?:[A-Z][^\x0A]*)\z')
          )
        )
      )
      OR (
        (
          (
            CARDINALITY(
              FILTER(
                "t1_shaped"."value"."f1",
                "x0" -> NOT "x0" IS NULL
                AND CASE
                  WHEN REGEXP_LIKE(
                    "x0",
                    '\A(?:[\x09-\x0A\x0C-\x0D ]*(?:[\+\-]?[0-9]*(?:\.[0-9]{0,2}0*)?)[\x09-\x0A\x0C-\x0D ]*)\z'
                  )
                  THEN TRY_CAST(TRIM(BOTH ' 	
' FROM "x0") AS DECIMAL(6, 2))
                  WHEN REGEXP_LIKE(
                    "x0",
                    '\A(?:[\x09-\x0A\x0C-\x0D ]*(?:[\+\-]?[\.0-9]{1,16}[Ee][\+\-]?[0-9]{1,3})[\x09-\x0A\x0C-\x0D ]*)\z'
                  )
                  AND TRY_CAST(TRY_CAST(TRIM(BOTH ' 	
' FROM "x0") AS DECIMAL(6, 2)) AS DOUBLE) = TRY_CAST(TRIM(BOTH ' 	
' FROM "x0") AS DOUBLE)
                  THEN TRY_CAST(TRIM(BOTH ' 	
' FROM "x0") AS DECIMAL(6, 2))
                END IS NULL
              )
            ) > 0
          )
          OR (
            COALESCE(CARDINALITY("t1_shaped"."faults"), 0) > 0
          )
        )
        OR (
          (
            (
              SUBSTR(TRIM(BOTH ' 	
' FROM "v2"), 1, 1) <> '{'
            )
            OR (
              (
                CASE WHEN TRUE THEN TRY(JSON_SIZE("v2", '$')) END < 1
              )
              OR (
                CASE WHEN TRUE THEN TRY(JSON_SIZE("v2", '$')) END > 2
              )
            )
          )
          OR (
            COALESCE(CARDINALITY("t2_shaped"."faults"), 0) > 0
          )
        )
      )
      THEN FILTER(
        CONCAT(
          COALESCE(
            ARRAY[CASE
              WHEN (
                CARDINALITY("v0") < 1
              )
              OR (
                (
                  CARDINALITY("v0") > 3
                )
                OR (
                  CARDINALITY(ARRAY_DISTINCT(FILTER("v0", "x" -> NOT "x" IS NULL))) + LEAST(CARDINALITY(FILTER("v0", "x" -> "x" IS NULL)), 1) < CARDINALITY("v0")
                )
              )
              THEN CAST(ROW('tags', 'items', COALESCE(SUBSTR(COALESCE("t0_shaped"."raw", "t0"), 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END],
            CAST(ARRAY[] AS ARRAY(ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR)))
          ),
          COALESCE(
            "t0_shaped"."faults",
            CAST(ARRAY[] AS ARRAY(ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR)))
          ),
          COALESCE(
            ARRAY[CASE
              WHEN NOT REGEXP_LIKE("t1_shaped"."value"."f0", '\A(?:[A-Z][^\x0A]*)\z')
              THEN CAST(ROW('mill.name', 'pattern', COALESCE(SUBSTR("t1_shaped"."value"."f0", 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END, CASE
              WHEN CARDINALITY(
                FILTER(
                  "t1_shaped"."value"."f1",
                  "x0" -> NOT "x0" IS NULL
                  AND CASE
                    WHEN REGEXP_LIKE(
                      "x0",
                      '\A(?:[\x09-\x0A\x0C-\x0D ]*(?:[\+\-]?[0-9]*(?:\.[0-9]{0,2}0*)?)[\x09-\x0A\x0C-\x0D ]*)\z'
                    )
                    THEN TRY_CAST(TRIM(BOTH ' 	
' FROM "x0") AS DECIMAL(6, 2))
                    WHEN REGEXP_LIKE(
                      "x0",
                      '\A(?:[\x09-\x0A\x0C-\x0D ]*(?:[\+\-]?[\.0-9]{1,16}[Ee][\+\-]?[0-9]{1,3})[\x09-\x0A\x0C-\x0D ]*)\z'
                    )
                    AND TRY_CAST(TRY_CAST(TRIM(BOTH ' 	
' FROM "x0") AS DECIMAL(6, 2)) AS DOUBLE) = TRY_CAST(TRIM(BOTH ' 	
' FROM "x0") AS DOUBLE)
                    THEN TRY_CAST(TRIM(BOTH ' 	
' FROM "x0") AS DECIMAL(6, 2))
                  END IS NULL
                )
              ) > 0
              THEN CAST(ROW(
                'mill.stones.element',
                'type',
                COALESCE(
                  SUBSTR(
                    ELEMENT_AT(
                      FILTER(
                        "t1_shaped"."value"."f1",
                        "x0" -> NOT "x0" IS NULL
                        AND CASE
                          WHEN REGEXP_LIKE(
                            "x0",
                            '\A(?:[\x09-\x0A\x0C-\x0D ]*(?:[\+\-]?[0-9]*(?:\.[0-9]{0,2}0*)?)[\x09-\x0A\x0C-\x0D ]*)\z'
                          )
                          THEN TRY_CAST(TRIM(BOTH ' 	
' FROM "x0") AS DECIMAL(6, 2))
                          WHEN REGEXP_LIKE(
                            "x0",
                            '\A(?:[\x09-\x0A\x0C-\x0D ]*(?:[\+\-]?[\.0-9]{1,16}[Ee][\+\-]?[0-9]{1,3})[\x09-\x0A\x0C-\x0D ]*)\z'
                          )
                          AND TRY_CAST(TRY_CAST(TRIM(BOTH ' 	
' FROM "x0") AS DECIMAL(6, 2)) AS DOUBLE) = TRY_CAST(TRIM(BOTH ' 	
' FROM "x0") AS DOUBLE)
                          THEN TRY_CAST(TRIM(BOTH ' 	
' FROM "x0") AS DECIMAL(6, 2))
                        END IS NULL
                      ),
                      1
                    ),
                    1,
                    100
                  ),
                  ''
                )
              ) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END],
            CAST(ARRAY[] AS ARRAY(ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR)))
          ),
          COALESCE(
            "t1_shaped"."faults",
            CAST(ARRAY[] AS ARRAY(ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR)))
          ),
          COALESCE(
            ARRAY[CASE
              WHEN (
                SUBSTR(TRIM(BOTH ' 	
' FROM "v2"), 1, 1) <> '{'
              )
              OR (
                (
                  CASE WHEN TRUE THEN TRY(JSON_SIZE("v2", '$')) END < 1
                )
                OR (
                  CASE WHEN TRUE THEN TRY(JSON_SIZE("v2", '$')) END > 2
                )
              )
              THEN CAST(ROW('more', 'fields', COALESCE(SUBSTR(COALESCE("t2_shaped"."raw", "t2"), 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END],
            CAST(ARRAY[] AS ARRAY(ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR)))
          ),
          COALESCE(
            "t2_shaped"."faults",
            CAST(ARRAY[] AS ARRAY(ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR)))
          )
        ),
        "x" -> NOT "x" IS NULL
      )
    END AS "reasons"
  FROM (
    SELECT
      *,
      "p0" AS "v0",
      "p1" AS "v1",
      "p2" AS "v2"
    FROM (
      SELECT
        *,
        TRANSFORM("t0_shaped"."value", "x0" -> "x0") AS "p0",
        CASE
          WHEN NOT "t1_shaped"."value" IS NULL
          THEN CAST(ROW(
            "t1_shaped"."value"."f0",
            TRANSFORM(
              "t1_shaped"."value"."f1",
              "x0" -> CASE
                WHEN REGEXP_LIKE(
                  "x0",
                  '\A(?:[\x09-\x0A\x0C-\x0D ]*(?:[\+\-]?[0-9]*(?:\.[0-9]{0,2}0*)?)[\x09-\x0A\x0C-\x0D ]*)\z'
                )
                THEN TRY_CAST(TRIM(BOTH ' 	
' FROM "x0") AS DECIMAL(6, 2))
                WHEN REGEXP_LIKE(
                  "x0",
                  '\A(?:[\x09-\x0A\x0C-\x0D ]*(?:[\+\-]?[\.0-9]{1,16}[Ee][\+\-]?[0-9]{1,3})[\x09-\x0A\x0C-\x0D ]*)\z'
                )
                AND TRY_CAST(TRY_CAST(TRIM(BOTH ' 	
' FROM "x0") AS DECIMAL(6, 2)) AS DOUBLE) = TRY_CAST(TRIM(BOTH ' 	
' FROM "x0") AS DOUBLE)
                THEN TRY_CAST(TRIM(BOTH ' 	
' FROM "x0") AS DECIMAL(6, 2))
              END
            ),
            "t1_shaped"."value"."f2"
          ) AS ROW("name" VARCHAR, "stones" ARRAY(DECIMAL(6, 2)), "miller" VARCHAR))
        END AS "p1",
        "t2_shaped"."value" AS "p2"
      FROM (
        SELECT
          *
        FROM "lake"."texts"
      ) AS "rows"
    ) AS "rows"
  ) AS "rows"
) AS "rows"
