"""What the standard lets a contract say without anything landing here is kept, and never refused."""

import pytest

from headrace.domain.compiled import from_json, to_json
from headrace.domain.contract.compile import compile_contract
from headrace.domain.contract.service_levels import ServiceLevel
from headrace.domain.dataset import DatasetId
from headrace.domain.plan import Described, Example, Integer, Text
from tests.domain.contracts import EXTENSION, NOTE, PATH, changed, problems_of

ELSEWHERE = """\
kind: DataContract
apiVersion: v3.1.0
id: 53581432-6c55-4ba2-a65f-72344a91553a
version: 1.0.0
status: active
name: Orders Event Stream
tenant: Mills
dataProduct: orders
tags: [mill]
price: {priceAmount: 9.95, priceCurrency: EUR, priceUnit: megabyte}
team: {name: millers, members: [{username: ann, role: owner}]}
roles: [{role: reader, access: read}]
support: [{channel: "#mill", tool: slack}]
slaDefaultElement: orders.at
slaProperties:
  - {property: latency, value: 4, unit: h}
  - {property: retention, value: 2, unit: y, element: orders.id}
  - {property: generalAvailability, value: "2022-05-12T09:30:10-08:00"}
  - {property: frequency, value: often, unit: d}
servers:
  - {server: stream, type: kafka, format: avro, host: "broker:9092"}
schema:
  - name: Orders
    physicalType: topic
    properties:
      - {name: orderId, logicalType: integer, physicalType: varchar, examples: [1, 2], encryptedName: enc}
      - {name: at, physicalType: text, transformLogic: now}
    quality:
      - {type: custom, engine: soda, implementation: {type: duplicate_percent}}
      - {type: sql, query: "select 1 from anywhere where odd = dialect;", mustBe: 0}
  - name: Lines
    properties: [{name: id, logicalType: number, physicalType: int}]
contractCreatedTs: "2022-11-15T02:59:43+00:00"
"""


def test_a_contract_of_data_that_lands_elsewhere_is_described() -> None:
    compiled = compile_contract("somewhere/Order-Stream v2.odcs.yaml", ELSEWHERE).compiled
    assert isinstance(compiled, Described)
    assert compiled.dataset == DatasetId("somewhere", "order_stream_v2")
    columns = {name: [(one.name, one.type) for one in table] for name, table in compiled.tables.items()}
    assert columns == {
        "Orders": [("order_id", Integer()), ("at", Text())],
        "Lines": [("id", Integer(32))],
    }


def test_what_is_described_outlives_its_json_and_has_an_id_of_its_meaning() -> None:
    described = compile_contract("a/b.odcs.yaml", ELSEWHERE).compiled
    assert from_json(to_json(described)) == described
    other = compile_contract("a/b.odcs.yaml", ELSEWHERE.replace("name: at", "name: moment")).compiled
    assert described.contract.startswith("1.0.0+")
    assert described.contract != other.contract


def test_that_nothing_lands_is_noted() -> None:
    notes = compile_contract("a/b.odcs.yaml", ELSEWHERE).notes
    assert any("nothing lands by this contract" in note for note in notes)


def test_service_levels_are_read_as_spans_of_time() -> None:
    compilation = compile_contract("a/b.odcs.yaml", ELSEWHERE)
    assert compilation.levels == (
        ServiceLevel("latency", 14_400, "orders.at"),
        ServiceLevel("retention", 2 * 365 * 86_400, "orders.id"),
    )
    assert any("'often' d is no span of time" in note for note in compilation.notes)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("tenant:", "tenent:", "7:1: the key 'tenent' is unknown here at tenent; did you mean tenant?"),
        (
            "v3.1.0",
            "v2.2.2",
            "2:13: 'v2.2.2' is not a version read here at apiVersion; write apiVersion: v3.1.0",
        ),
    ],
)
def test_what_the_standard_does_not_know_is_refused_there_too(old: str, new: str, problem: str) -> None:
    assert problems_of(ELSEWHERE.replace(old, new), "a/b.odcs.yaml") == [problem]


def test_the_least_that_the_standard_asks_for_is_enough() -> None:
    least = "kind: DataContract\napiVersion: v3.1.0\nid: x\nversion: 1.0.0\n"
    assert compile_contract("1 2/3.yaml", least).compiled.dataset == DatasetId("described", "contract")


def test_examples_stand_beside_the_plan_and_do_not_change_its_meaning() -> None:
    unlike = changed(NOTE, "{name: note, logicalType: string, required: true, unique: true}")
    check = "{type: custom, engine: headrace, name: in time, implementation: seen > date '2020-01-01'}"
    unlike = unlike.replace("- {metric: rowCount, mustBeGreaterThan: 0}", f"- {check}")
    examples = """{property: headrace.examples, value: [
      {row: {id: 1, note: a}, valid: true},
      {row: {id: x}, breaks: [id type, {column: note, rule: required}, in time]},
      {row: {id: 1, note: a}, breaks: [note unique]}]}"""
    with_examples = compile_contract(PATH, unlike.replace(EXTENSION, f"{EXTENSION}\n  - {examples}"))
    assert with_examples.examples == (
        Example({"id": 1, "note": "a"}, (), 20),
        Example({"id": "x"}, (("id", "type"), ("note", "required"), ("", "in time")), 21),
        Example({"id": 1, "note": "a"}, (("note", "unique"),), 22),
    )
    assert with_examples.compiled == compile_contract(PATH, unlike).compiled


def test_examples_may_break_what_is_inside_a_column_and_bring_fields_that_are_not_known() -> None:
    nested = changed(
        NOTE,
        "{name: note, logicalType: array, items: {logicalType: object, properties: ["
        "{name: a, logicalType: string, required: true}]}}",
    )
    settings = """{property: headrace.evolution, value: freeze}
  - {property: headrace.examples, value: [
      {row: {note: [{}, 1], odd: 2}, breaks: [note.element.a required, note.element type, structure]}]}"""
    (example,) = compile_contract(PATH, nested.replace(EXTENSION, settings)).examples
    assert example.breaks == (("note.element.a", "required"), ("note.element", "type"), ("", "structure"))
