SELECT
  "entry" AS "entry",
  "place" AS "place",
  "v0" AS "o0",
  "v1" AS "o1",
  "v2" AS "o2",
  "v3" AS "o3",
  "v4" AS "o4",
  CASE
    WHEN NOT NULLIF(CONCAT_WS(',', "extra"), '') IS NULL
    THEN (
      '{' || NULLIF(CONCAT_WS(',', "extra"), '') || '}'
    )
  END AS "rescued",
  "reasons" AS "reasons",
  CASE
    WHEN NOT "problem" IS NULL
    THEN "record"
    WHEN NOT "reasons" IS NULL
    THEN (
      '{' || COALESCE(
        NULLIF(
          CONCAT_WS(
            ',',
            (
              '"ID":' || "j0"
            ),
            (
              '"Wheels":' || "j1"
            ),
            (
              '"Price":' || "j2"
            ),
            (
              '"Flow":' || "j3"
            ),
            (
              '"Open":' || "j4"
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
            "t0" IS NULL
          )
          OR (
            (
              "v0" IS NULL AND NOT "t0" IS NULL
            ) OR (
              "v0" < CAST('1' AS BIGINT)
            )
          )
        )
        OR (
          (
            (
              NOT CONTAINS(ARRAY[1, 2, 3, 40], CAST("v0" AS BIGINT))
            )
            OR (
              "v1" IS NULL AND NOT "t1" IS NULL
            )
          )
          OR (
            (
              CONTAINS(ARRAY[-1], CAST("v1" AS BIGINT))
            )
            OR (
              CAST("v1" AS DECIMAL(38, 0)) % CAST('2' AS DECIMAL(38, 0)) <> 0
            )
          )
        )
      )
      OR (
        (
          (
            "v2" IS NULL AND NOT "t2" IS NULL
          )
          OR (
            (
              (
                "v2" < CAST('0.00' AS DECIMAL(10, 2))
              )
              OR (
                "v2" >= CAST('100.00' AS DECIMAL(10, 2))
              )
            )
            OR (
              CAST(TRIM(BOTH ' 	
' FROM REPLACE(CAST("v2" AS VARCHAR), '.', '')) AS DECIMAL(38, 0)) % CAST('5' AS DECIMAL(38, 0)) <> 0
            )
          )
        )
        OR (
          (
            (
              "v3" IS NULL AND NOT "t3" IS NULL
            )
            OR (
              (
                "v3" < CAST('-1.5' AS DOUBLE)
              ) OR (
                "v3" > CAST('1e3' AS DOUBLE)
              )
            )
          )
          OR (
            (
              "v4" IS NULL AND NOT "t4" IS NULL
            )
            OR (
              (
                (
                  NOT (
                    "v2" > 0 OR NOT "v4"
                  )
                )
              )
            )
          )
        )
      )
      THEN FILTER(
        CONCAT(
          COALESCE(
            ARRAY[CASE
              WHEN "t0" IS NULL
              THEN CAST(ROW('id', 'required', '') AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END, CASE
              WHEN "v0" IS NULL AND NOT "t0" IS NULL
              THEN CAST(ROW('id', 'type', COALESCE(SUBSTR("t0", 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END, CASE
              WHEN "v0" < CAST('1' AS BIGINT)
              THEN CAST(ROW('id', 'range', COALESCE(SUBSTR("t0", 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END, CASE
              WHEN NOT CONTAINS(ARRAY[1, 2, 3, 40], CAST("v0" AS BIGINT))
              THEN CAST(ROW('id', 'enum', COALESCE(SUBSTR("t0", 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END],
            CAST(ARRAY[] AS ARRAY(ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR)))
          ),
          COALESCE(
            ARRAY[CASE
              WHEN "v1" IS NULL AND NOT "t1" IS NULL
              THEN CAST(ROW('wheels', 'type', COALESCE(SUBSTR("t1", 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END, CASE
              WHEN CONTAINS(ARRAY[-1], CAST("v1" AS BIGINT))
              THEN CAST(ROW('wheels', 'missing', COALESCE(SUBSTR("t1", 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END, CASE
              WHEN CAST("v1" AS DECIMAL(38, 0)) % CAST('2' AS DECIMAL(38, 0)) <> 0
              THEN CAST(ROW('wheels', 'multiple', COALESCE(SUBSTR("t1", 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END],
            CAST(ARRAY[] AS ARRAY(ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR)))
          ),
          COALESCE(
            ARRAY[CASE
              WHEN "v2" IS NULL AND NOT "t2" IS NULL
              THEN CAST(ROW('price', 'type', COALESCE(SUBSTR("t2", 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END, CASE
              WHEN (
                "v2" < CAST('0.00' AS DECIMAL(10, 2))
              )
              OR (
                "v2" >= CAST('100.00' AS DECIMAL(10, 2))
              )
              THEN CAST(ROW('price', 'range', COALESCE(SUBSTR("t2", 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END, CASE
              WHEN CAST(TRIM(BOTH ' 	
' FROM REPLACE(CAST("v2" AS VARCHAR), '.', '')) AS DECIMAL(38, 0)) % CAST('5' AS DECIMAL(38, 0)) <> 0
              THEN CAST(ROW('price', 'multiple', COALESCE(SUBSTR("t2", 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END],
            CAST(ARRAY[] AS ARRAY(ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR)))
          ),
          COALESCE(
            ARRAY[CASE
              WHEN "v3" IS NULL AND NOT "t3" IS NULL
              THEN CAST(ROW('flow', 'type', COALESCE(SUBSTR("t3", 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END, CASE
              WHEN (
                "v3" < CAST('-1.5' AS DOUBLE)
              ) OR (
                "v3" > CAST('1e3' AS DOUBLE)
              )
              THEN CAST(ROW('flow', 'range', COALESCE(SUBSTR("t3", 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END],
            CAST(ARRAY[] AS ARRAY(ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR)))
          ),
          COALESCE(
            ARRAY[CASE
              WHEN "v4" IS NULL AND NOT "t4" IS NULL
              THEN CAST(ROW('open', 'type', COALESCE(SUBSTR("t4", 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END],
            CAST(ARRAY[] AS ARRAY(ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR)))
          ),
          COALESCE(
            ARRAY[CASE
              WHEN (
                (
                  NOT (
                    "v2" > 0 OR NOT "v4"
                  )
                )
              )
              THEN CAST(ROW('', 'paid', '') AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
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
      "p0" AS "v0",
      "p1" AS "v1",
      "p2" AS "v2",
      CASE
        WHEN "p3" BETWEEN CAST('-1.7976931348623157e308' AS DOUBLE) AND CAST('1.7976931348623157e308' AS DOUBLE)
        THEN "p3"
      END AS "v3",
      "p4" AS "v4"
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
                '\A(?:[\x09-\x0A\x0C-\x0D ]*(?:[\+\-]?[0-9]+(?:\.0*)?)[\x09-\x0A\x0C-\x0D ]*)\z'
              )
              THEN TRY_CAST(REGEXP_REPLACE(TRIM(BOTH ' 	
' FROM "t0"), '\.0*\z', '') AS BIGINT)
            END
          )
        END AS "p0",
        CASE
          WHEN NOT (
            "x1"
          )
          THEN COALESCE(
            "n1",
            CASE
              WHEN REGEXP_LIKE(
                "t1",
                '\A(?:[\x09-\x0A\x0C-\x0D ]*(?:[\+\-]?[0-9]+(?:\.0*)?)[\x09-\x0A\x0C-\x0D ]*)\z'
              )
              THEN TRY_CAST(REGEXP_REPLACE(TRIM(BOTH ' 	
' FROM "t1"), '\.0*\z', '') AS INTEGER)
            END
          )
        END AS "p1",
        CASE
          WHEN NOT (
            "x2"
          )
          THEN CASE
            WHEN REGEXP_LIKE(
              "t2",
              '\A(?:[\x09-\x0A\x0C-\x0D ]*(?:[\+\-]?[0-9]*(?:\.[0-9]{0,2}0*)?)[\x09-\x0A\x0C-\x0D ]*)\z'
            )
            THEN TRY_CAST(TRIM(BOTH ' 	
' FROM "t2") AS DECIMAL(10, 2))
            WHEN REGEXP_LIKE(
              "t2",
              '\A(?:[\x09-\x0A\x0C-\x0D ]*(?:[\+\-]?[\.0-9]{1,16}[Ee][\+\-]?[0-9]{1,3})[\x09-\x0A\x0C-\x0D ]*)\z'
            )
            AND TRY_CAST(TRY_CAST(TRIM(BOTH ' 	
' FROM "t2") AS DECIMAL(10, 2)) AS DOUBLE) = TRY_CAST(TRIM(BOTH ' 	
' FROM "t2") AS DOUBLE)
            THEN TRY_CAST(TRIM(BOTH ' 	
' FROM "t2") AS DECIMAL(10, 2))
          END
        END AS "p2",
        CASE
          WHEN NOT (
            "x3"
          )
          THEN COALESCE(
            "n3",
            CASE
              WHEN REGEXP_LIKE(
                "t3",
                '\A(?:[\x09-\x0A\x0C-\x0D ]*(?:[\+\-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[Ee][\+\-]?[0-9]+)?)[\x09-\x0A\x0C-\x0D ]*)\z'
              )
              THEN TRY_CAST(TRIM(BOTH ' 	
' FROM "t3") AS DOUBLE)
            END
          )
        END AS "p3",
        CASE
          WHEN NOT (
            "x4"
          )
          THEN COALESCE(
            "n4",
            CASE
              WHEN CONTAINS(ARRAY['yes', '1'], "t4")
              THEN TRUE
              WHEN CONTAINS(ARRAY['no', '0'], "t4")
              THEN FALSE
              WHEN CONTAINS(ARRAY['yes', '1'], LOWER(TRIM(BOTH ' 	
' FROM "t4")))
              THEN TRUE
              WHEN CONTAINS(ARRAY['no', '0'], LOWER(TRIM(BOTH ' 	
' FROM "t4")))
              THEN FALSE
            END
          )
        END AS "p4"
      FROM (
        SELECT
          *
        FROM "lake"."texts"
      ) AS "rows"
    ) AS "rows"
  ) AS "rows"
) AS "rows"
