"""NDJSON and JSON documents: records, strictness, and what one broken record costs."""

import io
import json
import sys
from collections.abc import Iterator
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.domain.formats import JsonDocument, Ndjson
from headrace.domain.plan import Column, Integer, Plan, Text
from headrace.engines.duckdb.read import json_document, read_json
from tests.engines.unit import Unit, plan, refine_files

A, B = Column("a", "a", Integer()), Column("b", "B b", Text())
LINES = plan(A, B, formats=(Ndjson(),))
DOCUMENT = plan(A, B, formats=(JsonDocument(),))
PATH = "correct headrace.recordPath"
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
        (DOCUMENT, " \n", "the document is not valid JSON at byte 2; write it again"),
        (DOCUMENT, '[{"a":1},]', "the document is not valid JSON at byte 9; write it again"),
        (DOCUMENT, '[{"a":1}', "the document is not valid JSON at byte 8; write it again"),
        (DOCUMENT, '[{"a":1}}', "the document is not valid JSON at byte 8; write it again"),
        (DOCUMENT, '[{"a":1}{"a":2}]', "the document is not valid JSON at byte 8; write it again"),
        (DOCUMENT, '[{"a":1', "the document is not valid JSON at byte 1; write it again"),
        (DOCUMENT, '{"a":1}\n{"a":2}', "the document is not valid JSON at byte 8; write it again"),
        (
            DOCUMENT,
            '[{"a":1},{"a":NaN}]',
            "record 2 of the document cannot be read: it is not valid JSON; write it again",
        ),
        (
            DOCUMENT,
            b'[{"a":1},{"b":"\xff"}]',
            "record 2 of the document cannot be read: it is not UTF-8; write it again",
        ),
        (DOCUMENT, "[" * 100_000, "the document is nested more than 1000 levels deep; write it flatter"),
        (DOCUMENT, '["' + "x" * 2_000_000, "the document is not valid JSON at byte 1; write it again"),
        (DEEP, "[]", f"there is nothing at data.rows: the document is an array; {PATH}"),
        (
            DEEP,
            '{"x":1,"y":2}',
            f"there is nothing at data.rows: the document is an object with x, y; {PATH}",
        ),
        (DEEP, '{"data":[]}', f"there is nothing at data.rows: data is an array; {PATH}"),
        (
            DEEP,
            '{"data":{}}',
            f"there is nothing at data.rows: data is an object with nothing in it; {PATH}",
        ),
        (
            DEEP,
            '{"data":{"rows":[1]}, "x": NaN}',
            "the document is not valid JSON in the value at byte 27; write it again",
        ),
        (DEEP, '{"data":{"rows":[],"rows":[]}}', "data gives rows twice; leave one of them"),
        (DEEP, '{"data" {"rows":[]}}', "the document is not valid JSON at byte 8; write it again"),
        (DEEP, "{data:1}", "the document is not valid JSON at byte 1; write it again"),
        (
            DOCUMENT,
            "[1]".encode("utf-16"),
            "the contract says JSON, this is UTF-16 text; set the server's encoding to utf-16",
        ),
    ],
)  # fmt: skip
def test_a_document_that_is_not_json_or_lacks_its_records_is_refused_whole(
    the_plan: Plan, body: bytes | str, message: str
) -> None:
    assert read(the_plan, body).broken == [(0, [("", "unreadable", message)])]


@pytest.mark.parametrize(
    ("the_plan", "body", "values"),
    [
        (DOCUMENT, ' {"a":1, "z":[{}]}', [1]),
        (DEEP, '{"data":{"rows":{"a":2}}}', [2]),
        (DEEP, '{"x":"]}\\"","data":{"v":[[]],"rows" : [ {"a":3} , {"a":4}\n] },"y":{}}', [3, 4]),
        (DEEP, '{"data":{"rows":[]}}', []),
        (DOCUMENT, "[]", []),
    ],
)
def test_the_rows_of_a_document_are_the_array_or_the_one_object_at_the_path(
    the_plan: Plan, body: str, values: list[int]
) -> None:
    unit = read(the_plan, body)
    assert (unit.column("a"), unit.quarantine) == (values, [])


@pytest.mark.parametrize(("body", "kind"), [("7", "a number"), ('"x"', "a text"), (" null ", "null")])
def test_one_value_that_is_no_object_is_one_broken_record(body: str, kind: str) -> None:
    assert read(DOCUMENT, body).broken == [(1, [("", "structure", f"it is {kind}, not an object")])]


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.sampled_from(['"', "\\", "}{", "]", "\\u0041"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(
    records=st.lists(st.dictionaries(st.text(), json_values, max_size=4), max_size=6),
    before=json_values,
    piece=st.integers(1, 40),
    indent=st.sampled_from([None, 2]),
)
def test_a_document_comes_apart_alike_however_it_is_read(
    records: list[dict[str, object]], before: object, piece: int, indent: int | None
) -> None:
    document = {"before": before, "data": {"rows": records}, "after": before}
    body = json.dumps(document, ensure_ascii=False, indent=indent).encode(errors="surrogatepass")
    with mock.patch.object(json_document, "_PIECE", piece):
        taken = list(json_document.document_records(io.BytesIO(body), "data.rows", 1_000_000))
    assert [json.loads(record) for record in taken] == records


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
