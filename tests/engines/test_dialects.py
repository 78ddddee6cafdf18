"""Delimited and fixed-width text in every dialect that a contract can name."""

from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.domain.formats import Csv, FixedWidth
from headrace.domain.plan import Column, Integer, Text
from headrace.engines.duckdb import load
from headrace.engines.duckdb.read import careful_csv, count_csv, read_csv, window
from tests.engines.unit import Unit, plan, refine_files

A, B = Column("a", "a", Text()), Column("b", "b", Text())


def read(csv: Csv, body: str | bytes) -> Unit:
    return refine_files(
        plan(A, B, formats=(csv,)), {"f.csv": body if isinstance(body, bytes) else body.encode()}
    )


def pairs(unit: Unit) -> list[tuple[object, object]]:
    return [(row["a"], row["b"]) for row in unit.curated]


@pytest.mark.parametrize(
    ("csv", "body", "rows"),
    [
        (Csv("||"), 'a||b\n1|2||"x||y"\n', [("1|2", "x||y")]),
        (Csv("||"), "a||b\n|||\n", [(None, "|")]),
        (Csv("¦"), "a¦b\n1¦x\n", [("1", "x")]),
        (Csv("\x01"), "a\x01b\n1\x01x\n", [("1", "x")]),
        (Csv(quote="", escape=""), 'a,b\n"1,x"\n2",y\n', [('"1', 'x"'), ('2"', "y")]),
        (Csv(quote="", escape=""), 'a,b\n1,"\n2,"\n', [("1", '"'), ("2", '"')]),
        (Csv(quote="", escape="\\"), "a,b\n1\\,2,x\\\ny\n\\\\,\\N\n", [("1,2", "x\ny"), ("\\", "\\N")]),
        (Csv(escape="\\"), 'a,b\n"1\\"2","x\\\\"\n"\\n",y\\,z\n', [('1"2', "x\\"), ("\\n", "y,z")]),
        (Csv(escape=""), 'a,b\n"1\\","x"\n', [("1\\", "x")]),
        (Csv(comment="#"), "#c\na,b\n# 1,2\n1,#x\n #,y\n#", [("1", "#x"), (" #", "y")]),
        (Csv(comment="//"), 'a,b\n"//",x\n//"\n/,y\n', [("//", "x"), ("/", "y")]),
        (Csv(trim=True), 'a,b\n 1 ,\t x\n" 2 ", "y " \n', [("1", "x"), (" 2 ", "y ")]),
        (Csv(header=False), "1,x\n2,y", [("1", "x"), ("2", "y")]),
        (Csv(header=False), "a,b\n", [("a", "b")]),
        (Csv(header=False), "\ufeff1,x\r\n2,y\r\n", [("1", "x"), ("2", "y")]),
        (Csv(skip=2), 'made by "x\n\na,b\n1,x\n', [("1", "x")]),
        (Csv(skip=1, header=False), "made\r\n1,x\r\n", [("1", "x")]),
        (Csv(skip=3), "a\rb\rc\ra,b\r1,x\r", [("1", "x")]),
    ],
)  # fmt: skip
def test_a_dialect_reads_as_the_contract_says(csv: Csv, body: str, rows: list[tuple[object, object]]) -> None:
    unit = read(csv, body)
    assert (pairs(unit), unit.broken) == (rows, [])
    assert unit.column("_row") == list(range(1, len(rows) + 1))


@pytest.mark.parametrize(
    ("csv", "body", "broken"),
    [
        (Csv("||"), "a||b\n1|x\n2||y\n", (1, "1|x", "1 field where the header has 2")),
        (Csv(escape="\\"), 'a,b\n"1\\",x\n2,y\n', (1, '"1\\",x', "a quote is opened and never closed")),
        (Csv(escape="\\"), 'a,b\n"1""",x\n2,y\n', (1, '"1""",x', "there is text after a closing quote")),
        (Csv(header=False), "1,x,z\n2,y\n", (1, "1,x,z", "3 fields where the header has 2")),
        (Csv(comment="#"), "#\na,b\n#\n#\n1\n2,y\n", (1, "1", "1 field where the header has 2")),
    ],
)
def test_a_record_that_breaks_the_dialect_costs_itself(
    csv: Csv, body: str, broken: tuple[int, str, str]
) -> None:
    unit = read(csv, body)
    assert pairs(unit) == [("2", "y")]
    ((row, raw, problem),) = [
        (row["_row"], row["_raw"], row["_reasons"][0]["value_excerpt"]) for row in unit.quarantine
    ]
    assert (row, raw, problem) == broken


def test_a_file_that_ends_in_its_skipped_lines_has_no_header() -> None:
    unit = read(Csv(skip=5), "a,b\n1,x\n")
    assert unit.broken == [
        (0, [("", "unreadable", "the file has no header line; add one, or set headrace.header to false")])
    ]


texts = st.text(st.sampled_from("ab ,;|\"\\\n\r'#"), max_size=6)
tables = st.lists(st.tuples(texts, texts), max_size=6)


def written(rows: list[tuple[str, str]], csv: Csv) -> bytes:
    def field(text: str) -> str:
        if csv.quote:
            inside = text.replace(csv.escape, csv.escape * 2) if csv.escape != csv.quote else text
            return csv.quote + inside.replace(csv.quote, csv.escape + csv.quote) + csv.quote
        for mark in (csv.escape, csv.delimiter, "\n", "\r"):
            text = text.replace(mark, csv.escape + mark)
        return text

    lines = ["\x00".join(("a", "b")), *("\x00".join(map(field, row)) for row in rows)]
    return "\n".join(line.replace("\x00", csv.delimiter) for line in lines).encode()


@settings(derandomize=True, max_examples=60, deadline=None)
@given(
    rows=tables,
    csv=st.sampled_from(
        [Csv(), Csv(";", "'", escape="'"), Csv("||"), Csv(escape="\\"), Csv("|,", "'", escape="\\")]
    ),
)
def test_what_a_dialect_writes_it_reads_again(rows: list[tuple[str, str]], csv: Csv) -> None:
    unit = read(csv, written(rows, csv))
    assert pairs(unit) == [(a or None, b or None) for a, b in rows]


@settings(derandomize=True, max_examples=40, deadline=None)
@given(
    bodies=st.lists(
        st.lists(st.text(st.sampled_from('ab,"\t '), min_size=1, max_size=8), max_size=5),
        min_size=8,
        max_size=12,
    ),
    csv=st.sampled_from(
        [
            Csv(header=False),
            Csv(quote="", escape=""),
            Csv("\t", quote="", escape="", header=False),
            Csv(header=False, quote="'", escape="'"),
        ]
    ),
)
def test_what_duckdb_reads_of_a_dialect_careful_reading_reads_too(bodies: list[list[str]], csv: Csv) -> None:
    head = [] if csv.header else ["x,y"]
    files = {f"{at}.csv": "\n".join([*head, *lines, ""]).encode() for at, lines in enumerate(bodies)}
    the_plan = plan(A, B, formats=(csv,))
    fast = refine_files(the_plan, files)
    with mock.patch.object(read_csv, "count_records", return_value=None):
        careful = refine_files(the_plan, files)
    assert (fast.curated, fast.quarantine) == (careful.curated, careful.quarantine)


@pytest.mark.parametrize("csv", [Csv(header=False), Csv(quote="", escape=""), Csv("\t", quote="", escape="")])
def test_common_dialects_are_left_to_duckdb(csv: Csv) -> None:
    body = f"a{csv.delimiter}b\n1{csv.delimiter}x\n".encode()
    with mock.patch.object(load, "careful_reading", side_effect=AssertionError):
        unit = refine_files(plan(A, B, formats=(csv,)), {"f.csv": body})
    assert len(unit.curated) == 1 + (not csv.header)


@settings(derandomize=True, max_examples=40, deadline=None)
@given(
    lines=st.lists(st.sampled_from(["1,x", '2,"y\nz"', '"3,",""""', "", "4", '5,"u', "é,é"]), max_size=30),
    piece=st.integers(1, 9),
)
def test_files_read_alike_through_a_window_of_any_size(lines: list[str], piece: int) -> None:
    body = "\n".join(["a,b", *lines]).encode()
    whole = refine_files(plan(A, B), {"f.csv": body})
    with (
        mock.patch.object(window, "_PIECE", piece),
        mock.patch.object(count_csv, "_PIECE", piece),
        mock.patch.object(careful_csv, "RECORD_BYTES", 64),
    ):
        assert refine_files(plan(A, B), {"f.csv": body}).tables == whole.tables


def test_a_line_longer_than_the_window_is_passed_over() -> None:
    body = b"a,b\n1," + b"x" * 3_000_000 + b"\n2,y\n"
    with mock.patch.object(window, "_PIECE", 1000):
        unit = refine_files(plan(A, B), {"f.csv": body})
    assert pairs(unit) == [("2", "y")]
    assert len(unit.quarantine[0]["_raw"]) == careful_csv.RECORD_BYTES


WIDE = FixedWidth((("id", 0, 3), ("name", 5, 6), ("pay", 11, 5)))
COLUMNS = Column("id", "id", Integer()), Column("name", "name", Text()), Column("pay", "pay", Integer())


def fixed(body: str | bytes, format_: FixedWidth = WIDE) -> Unit:
    data = body if isinstance(body, bytes) else body.encode()
    return refine_files(plan(*COLUMNS, formats=(format_,)), {"f.txt": data})


def test_fixed_width_fields_lose_the_spaces_around_them() -> None:
    unit = fixed("001  Zoë     100\n  2     Bo  \t 7\r\n\n   \n3\n")
    assert [(row["_row"], row["id"], row["name"], row["pay"]) for row in unit.curated] == [
        (1, 1, "Zoë", 100),
        (2, 2, "Bo", 7),
        (3, 3, None, None),
    ]


def test_what_stands_outside_of_the_fields_is_rescued() -> None:
    unit = fixed("001xxAda     100  tail\n002  Bob     100\n")
    assert unit.column("_rescued") == ['{"characters 4 to 5":"xx","characters from 17":"tail"}', None]


def test_fixed_width_lines_can_be_skipped_commented_empty_and_broken() -> None:
    format_ = FixedWidth(WIDE.fields, nulls=("", "-"), skip=1, comment="*")
    unit = fixed(b"HEADER\n* no\n001  -           9\n002  \xff\n", format_)
    assert [(row["id"], row["name"], row["pay"]) for row in unit.curated] == [(1, None, None)]
    assert unit.column("_rescued") == ['{"characters from 17":"9"}']
    assert unit.broken == [(2, [("", "structure", "it is not UTF-8")])]
    assert unit.quarantine[0]["_raw"] == "002  \\xff"


def test_fixed_width_fields_that_the_contract_does_not_name_are_rescued() -> None:
    format_ = FixedWidth((*WIDE.fields, ("more", 16, 2)))
    assert fixed("001  Ada     100ok\n", format_).column("_rescued") == ['{"more":"ok"}']
