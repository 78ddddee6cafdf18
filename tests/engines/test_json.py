"""NDJSON and JSON documents: records, strictness, and what one broken record costs."""

import json
import sys
from collections.abc import Iterator

import pytest

from headrace.domain.plan import Column, Integer, JsonDocument, Ndjson, Plan, Text
from headrace.engines.duckdb import read_json
from tests.engines.unit import Unit, plan, refine_files

A, B = Column("a", "a", Integer()), Column("b", "B b", Text())
LINES = plan(A, B, formats=(Ndjson(),))
DOCUMENT = plan(A, B, formats=(JsonDocument(),))
DEEP = plan(A, B, formats=(JsonDocument("data.rows"),))


def read(the_plan: Plan, body: bytes | str) -> Unit:
    return refine_files(the_plan, {"f.json": body if isinstance(body, bytes) else body.encode()})


def test_rows_are_the_lines_that_are_not_blank() -> None:
    unit = read(LINES, '\ufeff{"a":1}\n\n \t\r\n{"a":2,"B b":"x"}\r\n\n{"a": 3}')
    assert [(row["_row"], row["a"], row["b"]) for row in unit.curated] == [
        (1, 1, None),
        (2, 2, "x"),
        (3, 3, None),
    ]


@pytest.fixture(autouse=True)
def usual_recursion_limit() -> Iterator[None]:
    """Python's own: how deep JSON may nest depends on it, and libraries of other tests raise it."""
    raised = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    yield
    sys.setrecursionlimit(raised)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"a":1', "it is not valid JSON"),
        ('{"a":1}{"a":2}', "it is not valid JSON"),
        ('{"a":NaN}', "it is not valid JSON"),
        ('{"z":[Infinity]}', "it is not valid JSON"),
        ('{"a":1,}', "it is not valid JSON"),
        ('{"a":01}', "it is not valid JSON"),
        ("{'a':1}", "it is not valid JSON"),
        ('{"B b":"\\ud800"}', "it is not valid JSON"),
        ('{"B b":"\t"}', "it is not valid JSON"),
        ('{"z":' + "[" * 5000 + "]" * 5000 + "}", "it is not valid JSON"),
        (b'{"B b":"\xff"}', "it is not UTF-8"),
        ('{"a":1,"a":1}', "it gives a field twice"),
        ('{"a":1,"z":{"x":1,"x":2}}', "it gives a field twice"),
        ('{"a" :1,"\\u0061":1}', "it gives a field twice"),
        ("[1]", "it is an array, not an object"),
        ('"a"', "it is a text, not an object"),
        ("17", "it is a number, not an object"),
        ("null", "it is null, not an object"),
    ],
)
def test_a_broken_line_costs_itself(line: bytes | str, problem: str) -> None:
    record = line if isinstance(line, bytes) else line.encode()
    unit = read(LINES, b'{"a":1}\n' + record + b'\n{"a":3}\n')
    assert unit.broken == [(2, [("", "structure", problem)])]
    assert unit.quarantine[0]["_raw"] == record.decode("utf-8", "backslashreplace")
    assert unit.column("a") == [1, 3]


@pytest.mark.parametrize("line", ['{"a":1,"B b":"x\\": \\"a\\": "}', '{ "a"  : 1 , "z" : {"a" : [{"a":2}]}}'])
def test_names_that_recur_at_other_places_are_no_repetition(line: str) -> None:
    assert read(LINES, line).column("a") == [1]


def test_text_is_unescaped_once() -> None:
    texts = ['q"\\/', "\b\f\n\r\t", "é🌊\u2028", "\\u0041", "\0", "", " "]
    body = "\n".join(json.dumps({"B b": text}, ensure_ascii=at % 2 == 0) for at, text in enumerate(texts))
    assert read(LINES, body).column("b") == texts


def test_unknown_fields_are_rescued_as_they_were_written() -> None:
    unit = read(
        LINES,
        '{"a":1,"x":1.10,"y":null,"z\\"":{"k": [1e2, "é"]},"w":123456789012345678901234567890}\n{"a":2}',
    )
    rescued = '{"x":1.10,"z\\"":{"k": [1e2, "é"]},"w":123456789012345678901234567890}'
    assert unit.column("_rescued") == [rescued, None]


def test_a_frozen_contract_refuses_the_rows_with_unknown_fields() -> None:
    frozen = plan(A, B, formats=(Ndjson(),), evolution="freeze")
    unit = read(frozen, '{"a":1,"x":1,"y":2}\n{"a":2,"x":null}')
    assert unit.broken == [(1, [("", "structure", "unknown: x, y")])]
    assert unit.column("a") == [2]


def test_raw_holds_the_fields_as_they_were_written() -> None:
    unit = read(LINES, '{ "x":1.10, "a" : "no", "B b":"é\\n" }')
    assert unit.quarantine[0]["_raw"] == '{"a":"no","B b":"é\\n","x":1.10}'


def test_the_rows_of_a_document_are_the_elements_of_its_array() -> None:
    unit = read(DOCUMENT, '\ufeff [ {"a":1}, 7, {"a":"x"},\n{"a":4, "a":5} , {}]')
    assert unit.broken == [
        (2, [("", "structure", "it is a number, not an object")]),
        (3, [("a", "type", "x")]),
        (4, [("", "structure", "it gives a field twice")]),
    ]
    assert [(row["_row"], row["a"]) for row in unit.curated] == [(1, 1), (5, None)]


def test_a_record_path_leads_to_the_array() -> None:
    assert read(DEEP, '{"meta":{"n":1},"data":{"x":[0],"rows":[{"a":1},{"a":2}]}}').column("a") == [1, 2]
    assert read(DEEP, '{"data":{"rows":[]}}').objects[0].rows == 0


@pytest.mark.parametrize(
    ("the_plan", "body", "message"),
    [
        (DOCUMENT, '{"a":1}', "there is no array at the top of the document: there is an object"),
        (DOCUMENT, " " * 99 + "{}", "there is no array at the top of the document: there is an object"),
        (DOCUMENT, "7", "there is no array at the top of the document: there is a number"),
        (DOCUMENT, " \n", "the document is not valid JSON"),
        (DOCUMENT, '[{"a":1},]', "the document is not valid JSON"),
        (DOCUMENT, '[{"a":1}', "the document is not valid JSON"),
        (DOCUMENT, '{"a":1}\n{"a":2}', "the document is not valid JSON"),
        (DOCUMENT, "[" * 100_000, "the document is not valid JSON"),
        (DEEP, "[]", "there is no array at data.rows: the document is an array"),
        (DEEP, '{"x":1,"y":2}', "there is no array at data.rows: the document is an object with x, y"),
        (DEEP, '{"data":[]}', "there is no array at data.rows: data is an array"),
        (DEEP, '{"data":{"rows":{}}}', "there is no array at data.rows: there is an object"),
        (DEEP, '{"data":{"rows":[1]}, "x": NaN}', "the document is not valid JSON"),
        (DOCUMENT, "[1]".encode("utf-16"), "the contract says JSON, this is UTF-16 text"),
    ],
)  # fmt: skip
def test_a_document_without_its_array_is_refused_whole(
    the_plan: Plan, body: bytes | str, message: str
) -> None:
    assert read(the_plan, body).broken == [(0, [("", "unreadable", message)])]


def test_records_have_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_json, "RECORD_BYTES", 50)
    long = json.dumps({"a": 1, "B b": "x" * 60})
    for the_plan, body in ((LINES, f'{long}\n{{"a":2}}'), (DOCUMENT, f'[{long}, {{"a":2}}]')):
        unit = read(the_plan, body)
        assert unit.column("a") == [2]
        assert unit.broken == [(1, [("", "structure", read_json._TOO_LONG)])]
        assert len(unit.quarantine[0]["_raw"]) == 51


def test_the_keys_ending_chooses_between_document_and_lines() -> None:
    both = plan(A, B, formats=(Ndjson(), JsonDocument()))
    files = {
        "a.json": b'[{"a":1}]',
        "b.jsonl": b'{"a":2}',
        "c.NDJSON.gz": b'{"a":3}',
        "d.json.zst": b'[{"a":4}]',
        "e": b'{"a":5}',
    }
    assert refine_files(both, files).column("a") == [1, 2, 3, 4, 5]
