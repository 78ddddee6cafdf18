"""Where DuckDB reads a CSV file, careful reading gives the same rows, and the other way about."""

from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.domain.plan import Column, Text
from headrace.engines.duckdb import load
from headrace.engines.duckdb.read import read_csv
from tests.engines.unit import Unit, plan, refine_files

PLAN = plan(Column("a", "a", Text()), Column("b", "b", Text()))


def rows_of(unit: Unit) -> dict[str, list[object]]:
    rows: dict[str, list[object]] = {}
    for row in [*unit.curated, *unit.quarantine]:
        rows.setdefault(row["_object"], []).append(row)
    return rows


def carefully(files: dict[str, bytes]) -> Unit:
    with mock.patch.object(read_csv, "count_records", return_value=None):
        return refine_files(PLAN, files)


texts = st.sampled_from(["", "x", "é ", ",", '""', "\n", "\r\n", "\r", " ", "a,b", "\\", "#", "\t"])
plain = st.sampled_from(["", "x", " é", "1", "#", "\\", "\u2028", '5" x'])
quoted = st.lists(texts, max_size=4).map(lambda parts: f'"{"".join(parts)}"')
fields = plain | quoted | quoted | st.sampled_from([' "x"', '"x" ', '"x" "y"', '"x"y', '"', '"x'])
records = st.lists(fields, min_size=1, max_size=3).map(",".join)
two = st.tuples(plain | quoted, plain | quoted).map(",".join)
ends = st.sampled_from(["\n", "\r\n"])
sound = st.builds(lambda rows, end: end.join(["a,b", *rows, ""]), st.lists(two, max_size=5), ends)
doubtful = st.lists(st.tuples(records | two, ends | st.sampled_from(["\r", "\n\n"])), max_size=5).map(
    lambda lines: "a,b\n" + "".join(record + end for record, end in lines)
)


@settings(derandomize=True, max_examples=40, deadline=None)
@given(bodies=st.lists(sound | sound | doubtful, min_size=8, max_size=24))
def test_any_file_that_duckdb_is_trusted_with_reads_alike(bodies: list[str]) -> None:
    files = {f"{at}.csv": body.encode() for at, body in enumerate(bodies)}
    assert rows_of(refine_files(PLAN, files)) == rows_of(carefully(files))


def test_sound_files_are_left_to_duckdb() -> None:
    bodies = [b'a,b\n1,"x, ""y""\n"\n2,\n', b"a,b\r\n1,2\r\n", b"b,a\n1,2", b"a,b\n"]
    with mock.patch.object(load, "careful_reading", side_effect=AssertionError):
        unit = refine_files(PLAN, {f"{at}.csv": body for at, body in enumerate(bodies)})
    assert [one.rows for one in unit.objects] == [2, 1, 1, 0]
