"""CSV files: headers, records, and what one broken record costs."""

import json

import pytest

from headrace.domain.formats import Csv
from headrace.domain.plan import Array, Column, Integer, Text
from headrace.engines.duckdb.read import careful_csv
from tests.engines.unit import LACKS, MISFIT, NO_COLUMN, Unit, plan, refine_files

A, B = Column("a", "a", Text()), Column("b", "b", Text())
NESTED = Column("n", "n", Array(Text()))  # a plan with nested columns is read carefully


PLAIN = Csv()


def read(data: bytes | str, csv: Csv = PLAIN, *, carefully: bool = False) -> Unit:
    body = data if isinstance(data, bytes) else data.encode()
    columns = (A, B, NESTED) if carefully else (A, B)
    return refine_files(plan(*columns, formats=(csv,)), {"f.csv": body})


def pairs(unit: Unit) -> list[tuple[object, object]]:
    return [(row["a"], row["b"]) for row in unit.curated]


@pytest.mark.parametrize("carefully", [False, True])
@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ("a,b\n1,x\n2,y\n", [("1", "x"), ("2", "y")]),
        ("a,b\n1,x\n2,y", [("1", "x"), ("2", "y")]),
        ("a,b\r\n1,x\r\n2,y\r\n", [("1", "x"), ("2", "y")]),
        ("a,b\r1,x\r2,y\r", [("1", "x"), ("2", "y")]),
        ("a,b\n1,x\r\n2,y\r3,z\n", [("1", "x"), ("2", "y"), ("3", "z")]),
        ("\ufeffa,b\n1,x\n", [("1", "x")]),
        ('\ufeff"a","b"\n1,x\n', [("1", "x")]),
        ("\n\n a , b \n\n1,x\n\n\r\n2,y\n\n", [("1", "x"), ("2", "y")]),
        ("b,a\nx,1\n", [("1", "x")]),
        ('a,b\n"1","x, ""y""\n\nz\r\n"\n', [("1", 'x, "y"\n\nz\r\n')]),
        ('a,b\n1,5" disk\n2,6"\n', [("1", '5" disk'), ("2", '6"')]),
        ('a,b\n1, "x" \n2,  "y, z"\n', [("1", "x"), ("2", "y, z")]),
        ("a,b\n1, x \n", [("1", " x ")]),
        ('a,b\n,\n"",""\n', [(None, None), (None, None)]),
        ('a,b\n1,x,\n2,y,,""\n', [("1", "x"), ("2", "y")]),
        ("a,b\n1,\\\"x\n#2,y\n", [("1", '\\"x'), ("#2", "y")]),
        ("a,b\n\u2028,\x85\n\x0b,\x0c\n", [("\u2028", "\x85"), ("\x0b", "\x0c")]),
        ('a\n1\n\n""\n2', [("1", None), (None, None), ("2", None)]),
        ("a,b\n", []),
        ("a,b", []),
    ],
)  # fmt: skip
def test_sound_files_read_alike_fast_and_carefully(
    body: str, rows: list[tuple[object, object]], carefully: bool
) -> None:
    unit = read(body, carefully=carefully)
    assert pairs(unit) == rows
    assert unit.quarantine == []
    assert [row["_row"] for row in unit.curated] == list(range(1, len(rows) + 1))


@pytest.mark.parametrize(
    ("csv", "body", "rows"),
    [
        (Csv(";", "'", escape="'"), "a;b\n'x;''y''';2\n", [("x;'y'", "2")]),
        (Csv("\t"), 'a\tb\n"x\ty"\t2\n', [("x\ty", "2")]),
        (Csv("|", "~", escape="~"), "a|b\n~x|y~|~~\n", [("x|y", None)]),
        (Csv(" "), 'a b\n"x y" 2\n', [("x y", "2")]),
        (Csv("^", "]", escape="]"), "a^b\n]x^y]^2\n", [("x^y", "2")]),
        (Csv(nulls=("NA", "-")), "a,b\nNA,\n-,x\n", [(None, ""), (None, "x")]),
        (Csv(nulls=("", "\\N")), 'a,b\n\\N,"\\N"\n,NA\n', [(None, None), (None, "NA")]),
    ],
)  # fmt: skip
def test_the_contract_says_how_fields_are_parted(
    csv: Csv, body: str, rows: list[tuple[object, object]]
) -> None:
    assert pairs(read(body, csv)) == rows


@pytest.mark.parametrize(
    ("body", "broken", "sound"),
    [
        ("a,b\n1\n2,y\n", [(1, "1", "1 field where the header has 2")], [("2", "y")]),
        ("a,b\n1,x,z\n2,y\n", [(1, "1,x,z", "3 fields where the header has 2")], [("2", "y")]),
        ("a,b\n1,x\n  \n2,y\n", [(2, "  ", "1 field where the header has 2")], [("1", "x"), ("2", "y")]),
        ('a,b\n1,"x"y\n2,y\n', [(1, '1,"x"y', "there is text after a closing quote")], [("2", "y")]),
        (
            'a,b\n1,"x\n2,y\n3,z',
            [(1, '1,"x', "a quote is opened and never closed")],
            [("2", "y"), ("3", "z")],
        ),
        (
            b"a,b\n1,\xff\xfe\n2,y\n",
            [(1, "1,\\xff\\xfe", "it is not UTF-8")],
            [("2", "y")],
        ),
        (
            'a,b\n"x\ny",1,2\n3,"p\nq"\n',
            [(1, '"x\ny",1,2', "3 fields where the header has 2")],
            [("3", "p\nq")],
        ),
    ],
)
def test_a_broken_record_costs_itself_and_shows_its_exact_text(
    body: bytes | str, broken: list[tuple[int, str, str]], sound: list[tuple[object, object]]
) -> None:
    unit = read(body)
    assert pairs(unit) == sound
    assert [
        (row["_row"], row["_raw"], row["_reasons"][0]["value_excerpt"]) for row in unit.quarantine
    ] == broken
    assert unit.rules == [["structure"]] * len(broken)


def test_one_broken_file_does_not_change_how_its_neighbours_read() -> None:
    files = {
        "a.csv": b"a,b\n1,x\n",
        "b.csv": b'a,b\n2,"\n3,y\n',
        "c.csv": b"b,a\nz,4\n",
        "d.csv": b"a,b\n5,w\n",
    }
    unit = refine_files(plan(A, B), files)
    assert pairs(unit) == [("1", "x"), ("3", "y"), ("4", "z"), ("5", "w")]
    assert [(one.rows, one.quarantined) for one in unit.objects] == [(1, 0), (2, 1), (1, 0), (1, 0)]


def test_records_have_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(careful_csv, "RECORD_BYTES", 40)
    body = "a,b\n" + "1" * 50 + ',x\n2,"' + "y\n" * 30 + '"\n3,z\n'
    unit = read(body, carefully=True)
    assert pairs(unit) == [("3", "z")]
    assert [row["_reasons"][0]["value_excerpt"] for row in unit.quarantine[:2]] == [
        careful_csv.TOO_LONG,
        careful_csv._UNCLOSED,
    ]


def test_a_file_full_of_open_quotes_is_read_in_linear_time() -> None:
    unit = read('a,b\n1,"x""\n' + '1,"x""\n' * 30_000 + "2,y\n")
    assert pairs(unit) == [("2", "y")]
    assert len(unit.quarantine) == 30_001


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("\n\n", "the file has no header line; add one, or set headrace.header to false"),
        ("a,a,b\n1,2,3\n", "the header names a twice; give each column a name of its own"),
        ("x,y\n1,2\n", f"the header lacks the required a; it has x, y; {LACKS}"),
        ('"a,b\n1,2\n', "the header line cannot be read: a quote is opened and never closed; write it again"),
        (b"\xff,b\n1,2\n", "the header line cannot be read: it is not UTF-8; write it again"),
        (
            b"PK\x03\x04" + b"\0" * 40,
            f"the contract says CSV, this is an Excel workbook or a ZIP archive within another; {MISFIT}",
        ),
        (b"PAR1\x15\x04\x15\x00", f"the contract says CSV, this is a Parquet file; {MISFIT}"),
        (b"\x89PNG\r\n\x1a\n\0\0", f"the contract says CSV, this is a PNG image; {MISFIT}"),
        (
            "a,b\n1,2\n".encode("utf-16"),
            "the contract says CSV, this is UTF-16 text; set the server's encoding to utf-16",
        ),
        (b"a,b\n1,\0\n", f"the contract says CSV, this is binary data; {MISFIT}"),
        (b"\x1f\x8b\x08\x00", "the contract says CSV, this is compressed twice with gzip; compress it once"),
    ],
)
def test_a_file_that_cannot_be_the_contracts_is_refused_whole(body: bytes | str, message: str) -> None:
    required = plan(Column("a", "a", Text(), required=True), B)
    data = body if isinstance(body, bytes) else body.encode()
    unit = refine_files(required, {"bad.csv": data, "good.csv": b"a\n1\n"})
    assert unit.broken == [(0, [("", "unreadable", message)])]
    assert unit.quarantine[0]["_raw"] == ""
    assert unit.column("a") == ["1"]
    assert [(one.rows, one.curated, one.quarantined) for one in unit.objects] == [(1, 0, 1), (1, 1, 0)]


def test_a_header_may_begin_with_another_formats_letters() -> None:
    unit = refine_files(plan(Column("x", "PAR1", Integer())), {"f.csv": b"PAR1,b\n1,2\n"})
    assert unit.column("x") == [1]


def test_a_file_without_any_column_of_the_contract_is_refused() -> None:
    unit = refine_files(plan(A, B), {"f.csv": b"1,2\n3,4\n"})
    assert unit.broken == [
        (0, [("", "unreadable", f"the header has no column of the contract; it has 1, 2; {NO_COLUMN}")])
    ]


def test_missing_optional_columns_are_null_and_unknown_ones_are_rescued() -> None:
    unit = read('a,"o ""dd",é\n1,2.50,\n3,,x\n4,,\n')
    assert pairs(unit) == [("1", None), ("3", None), ("4", None)]
    assert unit.column("_rescued") == ['{"o \\"dd":"2.50"}', '{"é":"x"}', None]


def test_a_frozen_contract_refuses_a_file_with_unknown_columns() -> None:
    frozen = plan(A, B, evolution="freeze")
    unit = refine_files(frozen, {"f.csv": b"a,b,c\n1,2,3\n", "g.csv": b"a\n1\n"})
    known = "the header has columns that the contract does not know: c"
    message = f"{known}; add them, or set headrace.evolution to rescue"
    assert unit.broken == [(0, [("", "unreadable", message)])]
    assert pairs(unit) == [("1", None)]


def test_unnamed_columns_are_rescued_by_their_place() -> None:
    assert read("a,b,,\n1,x,,y\n").column("_rescued") == ['{"column 4":"y"}']


def test_raw_holds_the_fields_as_they_were() -> None:
    unit = refine_files(
        plan(Column("n", "n", Integer()), B, formats=(Csv(nulls=("", "NA")),)),
        {"f.csv": 'n,b,more\n"x\t""1""",NA,é\n'.encode()},
    )
    assert json.loads(unit.quarantine[0]["_raw"]) == {"n": 'x\t"1"', "b": "NA", "more": "é"}
