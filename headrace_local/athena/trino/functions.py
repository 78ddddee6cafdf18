"""Every function that may be called: its Trino signatures and the DuckDB expression with the same results.

What is not here, in `special.py` or among the operators is refused as not registered. `trino_*` are the
macros of macros.sql; in aggregates, the calls that `agg_` marks take FILTER, DISTINCT, ORDER BY and OVER.
`local` stands for what has a calendar: a date, a timestamp, or one with time zone, seen in its own zone.
"""

from functools import cache

from headrace_local.athena.trino.signatures import Signature, signatures

_STRINGS = r"""
length(varchar) -> bigint := length(_1)
length(varbinary) -> bigint := octet_length(_1)
lower(varchar) -> varchar := lower(_1)
upper(varchar) -> varchar := upper(_1)
trim(varchar) -> varchar := trim(_1, ' \t\n\r')
ltrim(varchar) -> varchar := ltrim(_1, ' \t\n\r')
rtrim(varchar) -> varchar := rtrim(_1, ' \t\n\r')
reverse(varchar) -> varchar := reverse(_1)
replace(varchar, varchar) -> varchar := replace(_1, _2, '')
replace(varchar, varchar, varchar) -> varchar := replace(_1, _2, _3)
substr/substring(varchar, bigint) -> varchar := trino_substr(_1, _2, length(_1))
substr/substring(varchar, bigint, bigint) -> varchar := trino_substr(_1, _2, _3)
strpos(varchar, varchar) -> bigint := strpos(_1, _2)
starts_with(varchar, varchar) -> boolean := starts_with(_1, _2)
split(varchar, varchar) -> array(varchar) := string_split(_1, _2)
split_part(varchar, varchar, bigint) -> varchar := trino_split_part(_1, _2, _3)
lpad(varchar, bigint, varchar) -> varchar := lpad(_1, CAST(_2 AS INTEGER), _3)
rpad(varchar, bigint, varchar) -> varchar := rpad(_1, CAST(_2 AS INTEGER), _3)
chr(bigint) -> varchar := chr(CAST(_1 AS INTEGER))
codepoint(varchar) -> integer := unicode(_1)
translate(varchar, varchar, varchar) -> varchar := translate(_1, _2, _3)
levenshtein_distance(varchar, varchar) -> bigint := levenshtein(_1, _2)
normalize(varchar) -> varchar := nfc_normalize(_1)
to_utf8(varchar) -> varbinary := encode(_1)
from_utf8(varbinary) -> varchar := decode(_1)
to_hex(varbinary) -> varchar := hex(_1)
from_hex(varchar) -> varbinary := unhex(_1)
to_base64(varbinary) -> varchar := to_base64(_1)
from_base64(varchar) -> varbinary := from_base64(_1)
md5(varbinary) -> varbinary := unhex(md5(_1))
sha1(varbinary) -> varbinary := unhex(sha1(_1))
sha256(varbinary) -> varbinary := unhex(sha256(_1))
regexp_like(varchar, varchar) -> boolean := regexp_matches(_1, _2)
regexp_count(varchar, varchar) -> bigint := len(regexp_extract_all(_1, _2))
regexp_split(varchar, varchar) -> array(varchar) := regexp_split_to_array(_1, _2)
"""

_NUMBERS = """
abs(N) -> N := abs(_1)
sign(I) -> I := sign(_1)
sign(double) -> double := CAST(sign(_1) AS DOUBLE)
ceil/ceiling/floor/round/truncate(I) -> I := _1
ceil/ceiling(double) -> double := ceil(_1)
floor(double) -> double := floor(_1)
round(double) -> double := round(_1)
round(double, bigint) -> double := round(_1, CAST(_2 AS INTEGER))
truncate(double) -> double := trunc(_1)
sqrt(double) -> double := trino_sqrt(_1)
cbrt(double) -> double := cbrt(_1)
exp(double) -> double := exp(_1)
ln(double) -> double := trino_ln(_1)
log2(double) -> double := trino_ln(_1) / ln(2)
log10(double) -> double := CASE WHEN _1 > 0 THEN log10(_1) ELSE trino_ln(_1) END
power/pow(double, double) -> double := pow(_1, _2)
pi() -> double := pi()
e() -> double := exp(1)
nan() -> double := CAST('NaN' AS DOUBLE)
infinity() -> double := CAST('Infinity' AS DOUBLE)
is_nan(double) -> boolean := isnan(_1)
is_finite(double) -> boolean := isfinite(_1)
is_infinite(double) -> boolean := isinf(_1)
degrees(double) -> double := degrees(_1)
radians(double) -> double := radians(_1)
sin(double) -> double := sin(_1)
cos(double) -> double := cos(_1)
tan(double) -> double := tan(_1)
asin(double) -> double := asin(_1)
acos(double) -> double := acos(_1)
atan(double) -> double := atan(_1)
atan2(double, double) -> double := atan2(_1, _2)
random/rand() -> double := random()
bitwise_and(bigint, bigint) -> bigint := _1 & _2
bitwise_or(bigint, bigint) -> bigint := _1 | _2
bitwise_xor(bigint, bigint) -> bigint := xor(_1, _2)
bitwise_not(bigint) -> bigint := ~_1
"""

_MOMENTS = """
year(local) -> bigint := year(_1)
quarter(local) -> bigint := quarter(_1)
month(local) -> bigint := month(_1)
week/week_of_year(local) -> bigint := week(_1)
year_of_week/yow(local) -> bigint := isoyear(_1)
day/day_of_month(local) -> bigint := day(_1)
day_of_week/dow(local) -> bigint := isodow(_1)
day_of_year/doy(local) -> bigint := dayofyear(_1)
hour(local) -> bigint := hour(CAST(_1 AS TIMESTAMP))
minute(local) -> bigint := minute(CAST(_1 AS TIMESTAMP))
second(local) -> bigint := second(CAST(_1 AS TIMESTAMP))
millisecond(local) -> bigint := millisecond(CAST(_1 AS TIMESTAMP)) % 1000
last_day_of_month(local) -> date := last_day(_1)
to_unixtime(timestamp) -> double := epoch(_1)
to_unixtime(timestamptz) -> double := epoch(_1)
from_unixtime(double) -> timestamptz := make_timestamptz(CAST(round(_1 * 1000) AS BIGINT) * 1000)
from_iso8601_date(varchar) -> date := trino_iso_date(_1)
to_iso8601(date) -> varchar := strftime(_1, '%Y-%m-%d')
"""

_COLLECTIONS = """
cardinality(array(T)) -> bigint := len(_1)
cardinality(map(K, V)) -> bigint := CAST(cardinality(_1) AS BIGINT)
contains(array(T), T) -> boolean := trino_contains(_1, _2)
element_at(array(T), bigint) -> T := trino_element_at(_1, _2)
element_at(map(K, V), K) -> V := _1[_2]
array_distinct(array(T)) -> array(T) := trino_distinct(_1)
array_sort(array(T)) -> array(T) := list_sort(_1, 'ASC', 'NULLS LAST')
array_max(array(T)) -> T := CASE WHEN NOT trino_any_null(_1) THEN list_max(_1) END
array_min(array(T)) -> T := CASE WHEN NOT trino_any_null(_1) THEN list_min(_1) END
array_position(array(T), T) -> bigint := trino_position(_1, _2)
array_remove(array(T), T) -> array(T) := trino_remove(_1, _2)
array_union(array(T), array(T)) -> array(T) := trino_distinct(_1 || _2)
array_intersect(array(T), array(T)) -> array(T) := trino_intersect(_1, _2)
array_except(array(T), array(T)) -> array(T) := trino_except(_1, _2)
arrays_overlap(array(T), array(T)) -> boolean := trino_overlap(_1, _2)
flatten(array(array(T))) -> array(T) := flatten(_1)
slice(array(T), bigint, bigint) -> array(T) := trino_slice(_1, _2, _3)
trim_array(array(T), bigint) -> array(T) := list_slice(_1, 1, len(_1) - _2)
reverse(array(T)) -> array(T) := list_reverse(_1)
repeat(T, bigint) -> array(T) := trino_repeat(_1, _2)
sequence(bigint, bigint) -> array(bigint) := trino_sequence(_1, _2, CASE WHEN _1 <= _2 THEN 1 ELSE -1 END)
sequence(bigint, bigint, bigint) -> array(bigint) := trino_sequence(_1, _2, _3)
sequence(date, date) -> array(date) := trino_days(_1, _2)
map(array(K), array(V)) -> map(K, V) := map(_1, _2)
map_keys(map(K, V)) -> array(K) := map_keys(_1)
map_values(map(K, V)) -> array(V) := map_values(_1)
map_concat(map(K, V), map(K, V)) -> map(K, V) := map_concat(_1, _2)
map_entries(map(K, V)) -> array(row(K, V)) := trino_entries(_1)
json_format(json) -> varchar := _1
json_array_length(json) -> bigint := trino_json_length(_1)
json_array_length(varchar) -> bigint := trino_json_length(_1)
"""

_AGGREGATES = """
count(T) -> bigint := agg_count(_1)
count_if(boolean) -> bigint := CAST(agg_count_if(_1) AS BIGINT)
sum(bigint) -> bigint := CAST(agg_sum(_1) AS BIGINT)
sum(double) -> double := agg_sum(_1)
sum(real) -> real := CAST(agg_sum(_1) AS FLOAT)
sum(decimal) -> decimal(38, s) := agg_sum(_1)
sum(interval) -> interval := agg_sum(_1)
avg(double) -> double := agg_avg(_1)
avg(real) -> real := CAST(agg_avg(_1) AS FLOAT)
min(T) -> T := agg_min(_1)
max(T) -> T := agg_max(_1)
min_by(T, U) -> T := agg_arg_min_null(_1, _2)
max_by(T, U) -> T := agg_arg_max_null(_1, _2)
arbitrary/any_value(T) -> T := agg_any_value(_1)
array_agg(T) -> array(T) := agg_list(_1)
bool_and/every(boolean) -> boolean := agg_bool_and(_1)
bool_or(boolean) -> boolean := agg_bool_or(_1)
approx_distinct(T) -> bigint := agg_count(DISTINCT _1)
approx_distinct(T, double) -> bigint := agg_count(DISTINCT _1)
approx_percentile(bigint, double) -> bigint := agg_quantile_disc(_1, _2)
approx_percentile(real, double) -> real := agg_quantile_disc(_1, _2)
approx_percentile(double, double) -> double := agg_quantile_disc(_1, _2)
approx_percentile(double, array(double)) -> array(double) := agg_quantile_disc(_1, _2)
stddev/stddev_samp(double) -> double := agg_stddev_samp(_1)
stddev_pop(double) -> double := agg_stddev_pop(_1)
variance/var_samp(double) -> double := agg_var_samp(_1)
var_pop(double) -> double := agg_var_pop(_1)
corr(double, double) -> double := agg_corr(_1, _2)
covar_pop(double, double) -> double := agg_covar_pop(_1, _2)
covar_samp(double, double) -> double := agg_covar_samp(_1, _2)
geometric_mean(double) -> double := exp(agg_avg(ln(_1)))
map_agg(K, V) -> map(K, V) := trino_first_of_each(agg_list(_1), agg_list(_2))
bitwise_and_agg(bigint) -> bigint := agg_bit_and(_1)
bitwise_or_agg(bigint) -> bigint := agg_bit_or(_1)
"""

_WINDOWS = """
row_number() -> bigint := agg_row_number()
rank() -> bigint := agg_rank()
dense_rank() -> bigint := agg_dense_rank()
percent_rank() -> double := agg_percent_rank()
cume_dist() -> double := agg_cume_dist()
ntile(bigint) -> bigint := agg_ntile(_1)
lag(T) -> T := agg_lag(_1)
lag(T, bigint) -> T := agg_lag(_1, _2)
lag(T, bigint, T) -> T := agg_lag(_1, _2, _3)
lead(T) -> T := agg_lead(_1)
lead(T, bigint) -> T := agg_lead(_1, _2)
lead(T, bigint, T) -> T := agg_lead(_1, _2, _3)
first_value(T) -> T := agg_first_value(_1)
last_value(T) -> T := agg_last_value(_1)
nth_value(T, bigint) -> T := agg_nth_value(_1, _2)
"""


@cache
def scalars() -> dict[str, list[Signature]]:
    return signatures(_STRINGS + _NUMBERS + _MOMENTS + _COLLECTIONS)


@cache
def aggregates() -> dict[str, list[Signature]]:
    return signatures(_AGGREGATES)


@cache
def windows() -> dict[str, list[Signature]]:
    return signatures(_WINDOWS)
