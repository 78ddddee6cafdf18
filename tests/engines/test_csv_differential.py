"""Where DuckDB reads a CSV file, careful reading gives the same rows, and the other way about."""

from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.domain.plan import Column, Text
from headrace.engines.duckdb import load, read_csv
from tests.engines.unit import Unit, plan, refine_files

PLAN = plan(Column("a", "a", Text()), Column("b", "b", Text()))


def carefully(data: bytes) -> Unit:
    with mock.patch.object(read_csv, "_records", return_value=None):
        return refine_files(PLAN, {"f.csv": data})


def with_duckdb(data: bytes) -> Unit | None:
    """The rows if DuckDB got the file right by its own lights and by our count, else None."""
    with mock.patch.object(load, "careful_reading", side_effect=InterruptedError):
        try:
            return refine_files(PLAN, {"f.csv": data})
        except InterruptedError:
            return None


pieces = st.lists(
    st.sampled_from(
        [
            "a",
            "1",
            "é",
            ",",
            '"',
            '""',
            "\n",
            "\r\n",
            "\r",
            " ",
            "  ",
            "\t",
            "\0",
            "#",
            "\\",
            "'",
            ";",
            '","',
            "\n\n",
            ',"x"\n',
        ]
    ),
    max_size=24,
).map("".join)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(body=pieces)
def test_any_file_that_duckdb_is_trusted_with_reads_alike(body: str) -> None:
    data = b"a,b\n" + body.encode()
    fast = with_duckdb(data)
    if fast is not None:
        careful = carefully(data)
        assert (fast.curated, fast.quarantine) == (careful.curated, careful.quarantine)
