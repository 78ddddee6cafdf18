SELECT
  "entry" AS "entry",
  "place" AS "place",
  "v0" AS "o0",
  "v1" AS "o1",
  SUBSTR(LOWER(TO_HEX(SHA256((
    "masking_key" || TO_UTF8(CAST("v2" AS VARCHAR))
  )))), 1, 32) AS "o2",
  (
    'tok_' || SUBSTR(LOWER(TO_HEX(SHA256((
      "token_key" || TO_UTF8(CAST("v3" AS VARCHAR))
    )))), 1, 32)
  ) AS "o3",
  CASE
    WHEN LENGTH(CAST("v4" AS VARCHAR)) > 8
    THEN (
      RPAD('', LENGTH(CAST("v4" AS VARCHAR)) - 4, '*') || SUBSTR(CAST("v4" AS VARCHAR), LENGTH(CAST("v4" AS VARCHAR)) - (
        4 - 1
      ))
    )
    ELSE RPAD('', LENGTH(CAST("v4" AS VARCHAR)), '*')
  END AS "o4",
  CASE WHEN NOT CAST("v5" AS VARCHAR) IS NULL THEN '***' END AS "o5",
  SUBSTR("v6", 1, 3) AS "o6",
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
              '"Name":' || "j0"
            ),
            (
              '"Code":' || "j1"
            ),
            (
              '"Email":' || JSON_FORMAT(
                CAST(SUBSTR(LOWER(TO_HEX(SHA256((
                  "masking_key" || TO_UTF8("t2")
                )))), 1, 32) AS JSON)
              )
            ),
            (
              '"Owner":' || JSON_FORMAT(
                CAST((
                  'tok_' || SUBSTR(LOWER(TO_HEX(SHA256((
                    "token_key" || TO_UTF8("t3")
                  )))), 1, 32)
                ) AS JSON)
              )
            ),
            (
              '"Phone":' || JSON_FORMAT(
                CAST(CASE
                  WHEN LENGTH("t4") > 8
                  THEN (
                    RPAD('', LENGTH("t4") - 4, '*') || SUBSTR("t4", LENGTH("t4") - (
                      4 - 1
                    ))
                  )
                  ELSE RPAD('', LENGTH("t4"), '*')
                END AS JSON)
              )
            ),
            (
              '"Card":' || JSON_FORMAT(CAST(CASE WHEN NOT "t5" IS NULL THEN '***' END AS JSON))
            ),
            (
              '"Town":' || JSON_FORMAT(CAST(SUBSTR("t6", 1, 3) AS JSON))
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
            )
            OR (
              NOT REGEXP_LIKE("v0", '\A(?:[Mm][Ii][Ll][Ll][\x09-\x0A\x0C-\x0D ][0-9A-Z_a-zſK]+\.?)\z')
            )
          )
        )
        OR (
          (
            (
              (
                LENGTH("v0") < 3
              ) OR (
                LENGTH("v0") > 20
              )
            )
            OR (
              "v1" IS NULL AND NOT "t1" IS NULL
            )
          )
          OR (
            (
              NOT CONTAINS(ARRAY['a', 'b''c'], "v1")
            )
            OR (
              CONTAINS(ARRAY['n/a'], "v1")
            )
          )
        )
      )
      OR (
        (
          (
            (
              "v2" IS NULL AND NOT "t2" IS NULL
            )
            OR (
              "v3" IS NULL AND NOT "t3" IS NULL
            )
          )
          OR (
            (
              "v4" IS NULL AND NOT "t4" IS NULL
            ) OR (
              LENGTH("v4") > 12
            )
          )
        )
        OR (
          (
            (
              "v5" IS NULL AND NOT "t5" IS NULL
            )
            OR (
              "v6" IS NULL AND NOT "t6" IS NULL
            )
          )
          OR (
            (
              "v7" IS NULL AND NOT "t7" IS NULL
            )
            OR (
              NOT NULLIF(CONCAT_WS(',', "extra"), '') IS NULL
            )
          )
        )
      )
      THEN FILTER(
        CONCAT(
          COALESCE(
            ARRAY[CASE
              WHEN "t0" IS NULL
              THEN CAST(ROW('name', 'required', '') AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END, CASE
              WHEN "v0" IS NULL AND NOT "t0" IS NULL
              THEN CAST(ROW('name', 'type', COALESCE(SUBSTR("t0", 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END, CASE
              WHEN NOT REGEXP_LIKE("v0", '\A(?:[Mm][Ii][Ll][Ll][\x09-\x0A\x0C-\x0D ][0-9A-Z_a-zſK]+\.?)\z')
              THEN CAST(ROW('name', 'pattern', COALESCE(SUBSTR("t0", 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END, CASE
              WHEN (
                LENGTH("v0") < 3
              ) OR (
                LENGTH("v0") > 20
              )
              THEN CAST(ROW('name', 'length', COALESCE(SUBSTR("t0", 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END],
            CAST(ARRAY[] AS ARRAY(ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR)))
          ),
          COALESCE(
            ARRAY[CASE
              WHEN "v1" IS NULL AND NOT "t1" IS NULL
              THEN CAST(ROW('code', 'type', COALESCE(SUBSTR("t1", 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END, CASE
              WHEN NOT CONTAINS(ARRAY['a', 'b''c'], "v1")
              THEN CAST(ROW('code', 'enum', COALESCE(SUBSTR("t1", 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END, CASE
              WHEN CONTAINS(ARRAY['n/a'], "v1")
              THEN CAST(ROW('code', 'missing', COALESCE(SUBSTR("t1", 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END],
            CAST(ARRAY[] AS ARRAY(ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR)))
          ),
          COALESCE(
            ARRAY[CASE
              WHEN "v2" IS NULL AND NOT "t2" IS NULL
              THEN CAST(ROW(
                'email',
                'type',
                COALESCE(
                  SUBSTR(SUBSTR(LOWER(TO_HEX(SHA256((
                    "masking_key" || TO_UTF8("t2")
                  )))), 1, 32), 1, 100),
                  ''
                )
              ) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END],
            CAST(ARRAY[] AS ARRAY(ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR)))
          ),
          COALESCE(
            ARRAY[CASE
              WHEN "v3" IS NULL AND NOT "t3" IS NULL
              THEN CAST(ROW(
                'owner',
                'type',
                COALESCE(
                  SUBSTR(
                    (
                      'tok_' || SUBSTR(LOWER(TO_HEX(SHA256((
                        "token_key" || TO_UTF8("t3")
                      )))), 1, 32)
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
            ARRAY[CASE
              WHEN "v4" IS NULL AND NOT "t4" IS NULL
              THEN CAST(ROW(
                'phone',
                'type',
                COALESCE(
                  SUBSTR(
                    CASE
                      WHEN LENGTH("t4") > 8
                      THEN (
                        RPAD('', LENGTH("t4") - 4, '*') || SUBSTR("t4", LENGTH("t4") - (
                          4 - 1
                        ))
                      )
                      ELSE RPAD('', LENGTH("t4"), '*')
                    END,
                    1,
                    100
                  ),
                  ''
                )
              ) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END, CASE
              WHEN LENGTH("v4") > 12
              THEN CAST(ROW(
                'phone',
                'length',
                COALESCE(
                  SUBSTR(
                    CASE
                      WHEN LENGTH("t4") > 8
                      THEN (
                        RPAD('', LENGTH("t4") - 4, '*') || SUBSTR("t4", LENGTH("t4") - (
                          4 - 1
                        ))
                      )
                      ELSE RPAD('', LENGTH("t4"), '*')
                    END,
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
            ARRAY[CASE
              WHEN "v5" IS NULL AND NOT "t5" IS NULL
              THEN CAST(ROW(
                'card',
                'type',
                COALESCE(SUBSTR(CASE WHEN NOT "t5" IS NULL THEN '***' END, 1, 100), '')
              ) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END],
            CAST(ARRAY[] AS ARRAY(ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR)))
          ),
          COALESCE(
            ARRAY[CASE
              WHEN "v6" IS NULL AND NOT "t6" IS NULL
              THEN CAST(ROW('town', 'type', COALESCE(SUBSTR(SUBSTR("t6", 1, 3), 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END],
            CAST(ARRAY[] AS ARRAY(ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR)))
          ),
          COALESCE(
            ARRAY[CASE
              WHEN "v7" IS NULL AND NOT "t7" IS NULL
              THEN CAST(ROW('note', 'type', COALESCE(SUBSTR('', 1, 100), '')) AS ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR))
            END],
            CAST(ARRAY[] AS ARRAY(ROW("column" VARCHAR, "rule" VARCHAR, "value_excerpt" VARCHAR)))
          ),
          COALESCE(
            ARRAY[CASE
              WHEN NOT NULLIF(CONCAT_WS(',', "extra"), '') IS NULL
              THEN CAST(ROW(
                '',
                'structure',
                (
                  'unknown: ' || ARRAY_JOIN(
                    MAP_KEYS(
                      CAST(JSON_PARSE((
                        '{' || NULLIF(CONCAT_WS(',', "extra"), '') || '}'
                      )) AS MAP(VARCHAR, JSON))
                    ),
                    ', '
                  )
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
      "p0" AS "v0",
      "p1" AS "v1",
      "p2" AS "v2",
      "p3" AS "v3",
      "p4" AS "v4",
      "p5" AS "v5",
      "p6" AS "v6",
      "p7" AS "v7"
    FROM (
      SELECT
        *,
        CASE WHEN NOT (
          "x0"
        ) THEN "t0" END AS "p0",
        CASE WHEN NOT (
          "x1"
        ) THEN "t1" END AS "p1",
        CASE WHEN NOT (
          "x2"
        ) THEN "t2" END AS "p2",
        CASE WHEN NOT (
          "x3"
        ) THEN "t3" END AS "p3",
        CASE WHEN NOT (
          "x4"
        ) THEN "t4" END AS "p4",
        CASE WHEN NOT (
          "x5"
        ) THEN "t5" END AS "p5",
        CASE WHEN NOT (
          "x6"
        ) THEN "t6" END AS "p6",
        CASE WHEN NOT (
          "x7"
        ) THEN "t7" END AS "p7"
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
