-- What DuckDB lacks or answers differently, with Trino's results. A failing cast in trino_holds carries the error.
CREATE MACRO trino_holds(condition, failure) AS CASE WHEN condition THEN TRUE ELSE CAST(failure AS BOOLEAN) END;

CREATE MACRO trino_divide(a, b) AS
    CASE WHEN trino_holds(b IS NULL OR b <> 0, 'trino!DIVISION_BY_ZERO: Division by zero') THEN a // b END;
CREATE MACRO trino_modulo(a, b) AS
    CASE WHEN trino_holds(b IS NULL OR b <> 0, 'trino!DIVISION_BY_ZERO: Division by zero') THEN a % b END;

-- Decimals as whole numbers of their last digit, and back: DuckDB has no exact division of decimals.
CREATE MACRO trino_unscaled(a) AS CAST(replace(CAST(a AS VARCHAR), '.', '') AS HUGEINT);
CREATE MACRO trino_pointed(digits, scale) AS
    CASE WHEN scale = 0 THEN digits ELSE left(digits, -scale) || '.' || right(digits, scale) END;
CREATE MACRO trino_padded(digits, width) AS lpad(digits, CAST(greatest(length(digits), width) AS INTEGER), '0');
CREATE MACRO trino_scaled(unscaled, scale) AS
    CASE WHEN unscaled < 0 THEN '-' ELSE '' END
    || trino_pointed(trino_padded(CAST(abs(unscaled) AS VARCHAR), scale + 1), scale);
CREATE MACRO trino_half_up(a, b) AS
    CASE WHEN trino_holds(b IS NULL OR b <> 0, 'trino!DIVISION_BY_ZERO: Division by zero')
    THEN (CASE WHEN (a < 0) = (b < 0) THEN 1 ELSE -1 END) * ((2 * abs(a) + abs(b)) // (2 * abs(b))) END;

-- A double's text as Java's DecimalFormat 0.0###E0 has it, from DuckDB's shortest digits.
CREATE MACRO trino_point(shown) AS
    strpos(split_part(shown, 'e', 1) || '.', '.') - 1 + coalesce(TRY_CAST(nullif(split_part(shown, 'e', 2), '') AS INTEGER), 0);
CREATE MACRO trino_digits(shown) AS replace(split_part(shown, 'e', 1), '.', '');
CREATE MACRO trino_mantissa(digits, point) AS
    left(ltrim(digits, '0'), 1) || '.' || coalesce(nullif(rtrim(substr(ltrim(digits, '0'), 2), '0'), ''), '0')
    || 'E' || CAST(point - 1 - (length(digits) - length(ltrim(digits, '0'))) AS VARCHAR);
CREATE MACRO trino_scientific(shown) AS CASE
    WHEN shown IS NULL THEN NULL
    WHEN lower(shown) = 'nan' THEN 'NaN'
    WHEN lower(shown) IN ('inf', '-inf') THEN CASE WHEN starts_with(shown, '-') THEN '-Infinity' ELSE 'Infinity' END
    WHEN CAST(shown AS DOUBLE) = 0 THEN CASE WHEN starts_with(shown, '-') THEN '-0E0' ELSE '0E0' END
    ELSE CASE WHEN starts_with(shown, '-') THEN '-' ELSE '' END
        || trino_mantissa(trino_digits(ltrim(shown, '-')), trino_point(ltrim(shown, '-')))
END;
CREATE MACRO trino_sqrt(a) AS CASE WHEN a < 0 THEN CAST('NaN' AS DOUBLE) ELSE sqrt(a) END;
CREATE MACRO trino_ln(a) AS
    CASE WHEN a = 0 THEN CAST('-Infinity' AS DOUBLE) WHEN a < 0 THEN CAST('NaN' AS DOUBLE) ELSE ln(a) END;

CREATE MACRO trino_rounded(micros, step) AS micros + step // 2 - ((micros + step // 2) % step + step) % step;
CREATE MACRO trino_round_timestamp(moment, step) AS make_timestamp(trino_rounded(epoch_us(moment), step));
CREATE MACRO trino_round_instant(moment, step) AS make_timestamptz(trino_rounded(epoch_us(moment), step));
CREATE MACRO trino_round_time(moment, step) AS
    CAST(trino_round_timestamp(DATE '1970-01-01' + moment, step) AS TIME);
CREATE MACRO trino_iso_date(shown) AS
    CASE WHEN trino_holds(shown IS NULL OR regexp_full_match(shown, '[0-9]{4}-[0-9]{2}-[0-9]{2}'),
        'trino!INVALID_FUNCTION_ARGUMENT: Invalid format: "' || shown || '"') THEN CAST(shown AS DATE) END;

CREATE MACRO trino_substr(shown, start, size) AS CASE
    WHEN shown IS NULL OR start IS NULL OR size IS NULL THEN NULL
    WHEN start = 0 OR size <= 0 OR start > length(shown) OR start < -length(shown) THEN ''
    WHEN start > 0 THEN substr(shown, start, size)
    ELSE substr(shown, length(shown) + start + 1, size)
END;
CREATE MACRO trino_split_part(shown, delimiter, place) AS
    CASE WHEN trino_holds(place IS NULL OR place > 0, 'trino!INVALID_FUNCTION_ARGUMENT: Index must be greater than zero')
        AND place <= len(string_split(shown, delimiter)) THEN string_split(shown, delimiter)[place] END;

CREATE MACRO trino_any_null(items) AS len(list_filter(items, LAMBDA x : x IS NULL)) > 0;
CREATE MACRO trino_contains(items, wanted) AS CASE
    WHEN items IS NULL OR wanted IS NULL THEN NULL
    WHEN list_contains(items, wanted) THEN TRUE
    WHEN trino_any_null(items) THEN NULL
    ELSE FALSE
END;
CREATE MACRO trino_element_at(items, place) AS
    CASE WHEN trino_holds(place IS NULL OR place <> 0, 'trino!INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1')
    THEN list_extract(items, place) END;
CREATE MACRO trino_subscript(items, place) AS CASE
    WHEN items IS NULL OR place IS NULL THEN NULL
    WHEN trino_holds(place <> 0, 'trino!INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1')
        AND trino_holds(place > 0, 'trino!INVALID_FUNCTION_ARGUMENT: Array subscript is negative: ' || place)
        AND trino_holds(place <= len(items), 'trino!INVALID_FUNCTION_ARGUMENT: Array subscript must be less than or equal to array length: ' || place || ' > ' || len(items))
    THEN list_extract(items, place)
END;
CREATE MACRO trino_at_key(entries, wanted) AS CASE
    WHEN entries IS NULL OR wanted IS NULL THEN NULL
    WHEN trino_holds(map_contains(entries, wanted), 'trino!INVALID_FUNCTION_ARGUMENT: Key not present in map: ' || wanted)
    THEN entries[wanted]
END;
CREATE MACRO trino_same(a, b) AS a IS NOT DISTINCT FROM b;
CREATE MACRO trino_index(items, wanted) AS
    list_min(list_filter(range(1, len(items) + 1), LAMBDA i : trino_same(items[i], wanted)));
CREATE MACRO trino_distinct(items) AS list_filter(items, LAMBDA x, i : trino_index(items, x) = i);
CREATE MACRO trino_position(items, wanted) AS
    CASE WHEN items IS NOT NULL AND wanted IS NOT NULL THEN coalesce(list_position(items, wanted), 0) END;
CREATE MACRO trino_remove(items, wanted) AS
    CASE WHEN wanted IS NOT NULL THEN list_filter(items, LAMBDA x : NOT trino_same(x, wanted)) END;
CREATE MACRO trino_intersect(a, b) AS trino_distinct(list_filter(a, LAMBDA x : trino_index(b, x) IS NOT NULL));
CREATE MACRO trino_except(a, b) AS trino_distinct(list_filter(a, LAMBDA x : trino_index(b, x) IS NULL));
CREATE MACRO trino_overlap(a, b) AS CASE
    WHEN a IS NULL OR b IS NULL THEN NULL
    WHEN list_has_any(a, b) THEN TRUE
    WHEN trino_any_null(a) AND len(b) > 0 OR trino_any_null(b) AND len(a) > 0 THEN NULL
    ELSE FALSE
END;
CREATE MACRO trino_slice(items, start, size) AS CASE
    WHEN items IS NULL OR start IS NULL OR size IS NULL THEN NULL
    WHEN trino_holds(start <> 0, 'trino!INVALID_FUNCTION_ARGUMENT: SQL array indices start at 1')
        AND trino_holds(size >= 0, 'trino!INVALID_FUNCTION_ARGUMENT: length must be greater than or equal to 0')
    THEN CASE
        WHEN size = 0 OR start < -len(items) OR start > len(items) THEN list_slice(items, 1, 0)
        WHEN start > 0 THEN list_slice(items, start, start + size - 1)
        ELSE list_slice(items, len(items) + start + 1, len(items) + start + size)
    END
END;
CREATE MACRO trino_entries(entries) AS
    list_transform(map_entries(entries), LAMBDA e : {'f0': e.key, 'f1': e.value});
CREATE MACRO trino_repeat(item, times) AS list_transform(range(times), LAMBDA i : item);
CREATE MACRO trino_sequence(first, last, step) AS CASE
    WHEN first IS NULL OR last IS NULL OR step IS NULL THEN NULL
    WHEN trino_holds(step <> 0, 'trino!INVALID_FUNCTION_ARGUMENT: step must not be zero')
        AND trino_holds((last - first) * sign(step) >= 0, 'trino!INVALID_FUNCTION_ARGUMENT: sequence stop value should be greater than or equal to start value if step is greater than zero otherwise stop should be less than or equal to start')
        AND trino_holds((last - first) // step < 50000, 'trino!INVALID_FUNCTION_ARGUMENT: result of sequence function must not have more than 50000 entries')
    THEN generate_series(first, last, step)
END;
CREATE MACRO trino_days(first, last) AS list_transform(
    trino_sequence(0, CAST(last - first AS BIGINT), CASE WHEN first <= last THEN 1 ELSE -1 END),
    LAMBDA i : first + CAST(i AS INTEGER)
);
CREATE MACRO trino_first_of_each(keys, items) AS map_from_entries(list_transform(
    list_filter(range(1, len(keys) + 1), LAMBDA i : keys[i] IS NOT NULL AND list_position(keys, keys[i]) = i),
    LAMBDA i : row(keys[i], items[i])
));

CREATE MACRO trino_json_length(document) AS
    CASE WHEN json_valid(document) AND json_type(document) = 'ARRAY' THEN CAST(json_array_length(document) AS BIGINT) END;
-- DuckDB rewrites a number's digits, so one it may have rewritten is refused.
CREATE MACRO trino_number_kept(document) AS
    NOT regexp_matches(document, '[0-9][eE][+-]?[0-9]|\.[0-9]+0([^0-9]|$)|0\.000|[0-9.]{16,}');
CREATE MACRO trino_json_scalar(document, path) AS CASE
    WHEN NOT json_valid(document) OR json_type(document, path) IS NULL THEN NULL
    WHEN json_type(document, path) IN ('OBJECT', 'ARRAY', 'NULL') THEN NULL
    WHEN trino_holds(json_type(document, path) IN ('VARCHAR', 'BOOLEAN') OR trino_number_kept(document),
        'trino!NOT_SUPPORTED: json_extract_scalar of a number with an exponent, trailing zeros or more than 15 digits')
    THEN json_extract_string(document, path)
END;
