"""How a contract's servers say what lands."""

import pytest

from headrace.domain.contract.formats import ENCODINGS
from headrace.domain.formats import (
    Avro,
    Csv,
    Excel,
    FixedWidth,
    Format,
    JsonDocument,
    Ndjson,
    Orc,
    Parquet,
    Xml,
)
from tests.domain.contracts import ID, LANDING, NOTE, SEEN, changed, notes_on, plan_of, problems_of

NULL = "['NULL']"
BACKSLASH = "'\\'"


def landed(server: str) -> str:
    return changed(f"{LANDING}, format: csv", f"{LANDING}, {server}")


def settings(**values: str) -> str:
    listed = ", ".join(f"{{property: headrace.{name}, value: {value}}}" for name, value in values.items())
    return f"customProperties: [{listed}]"


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ("format: tsv", Csv("\t")),
        ("format: csv, delimiter: tab", Csv("\t")),
        ("format: csv, delimiter: '||'", Csv("||")),
        ("format: csv, encoding: latin-1", Csv(encoding="iso-8859-1")),
        ("format: csv, encoding: UTF_16LE", Csv(encoding="utf-16-le")),
        ("format: csv, encoding: utf-8-sig", Csv()),
        ("format: ndjson, encoding: cp1252", Ndjson("windows-1252")),
        ("format: json, encoding: utf-16", JsonDocument(encoding="utf-16")),
        (f"format: csv, {settings(quote=repr(''), escape=BACKSLASH)}", Csv(quote="", escape="\\")),
        (
            f"format: csv, {settings(header='false', skip='2', comment=repr('#'), trim='true')}",
            Csv(header=False, skip=2, comment="#", trim=True),
        ),
        (f"format: xml, {settings(recordPath='orders.order')}", Xml("orders.order")),
        ("format: excel", Excel()),
        (f"format: xlsx, {settings(sheet='Data', skip='3')}", Excel("Data", 3)),
        (f"format: avro, {settings(nulls=NULL)}", Avro(("NULL",))),
        ("format: orc", Orc()),
        ("format: parquet", Parquet()),
    ],
)
def test_a_server_says_how_files_are_read(server: str, expected: Format) -> None:
    assert plan_of(landed(server)).formats == (expected,)


def test_columns_of_fixed_width_follow_each_other_unless_they_say_where_they_start() -> None:
    columns = [
        f"{{name: a, physicalName: A, logicalType: string, {settings(width='4')}}}",
        f"{{name: b, logicalType: string, {settings(width='3')}}}",
        f"{{name: c, logicalType: string, {settings(start='11', width='2')}}}",
    ]
    text = landed(f"format: fixed, encoding: cp037, {settings(skip='1', nulls='[' + repr('-') + ']')}")
    text = text.replace(f"{ID}\n      - {NOTE}\n      - {SEEN}", "\n      - ".join(columns))
    assert plan_of(text).formats == (
        FixedWidth((("A", 0, 4), ("b", 4, 3), ("c", 10, 2)), ("-",), "cp037", skip=1),
    )


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_is_one_that_python_reads(encoding: str) -> None:
    assert "abc".encode(encoding).decode(encoding) == "abc"
    assert plan_of(landed(f"format: csv, encoding: {encoding}")).formats


def test_tables_of_other_engines_are_kept_and_noted() -> None:
    text = landed(f"format: csv}}\n  - {{{LANDING}, format: delta")
    assert (plan_of(text).formats, problems_of(text)) == ((Csv(),), [])
    assert "is not read" in notes_on(text)[0]
