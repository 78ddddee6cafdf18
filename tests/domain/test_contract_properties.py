"""What holds for every contract and every text."""

import copy
import json
import subprocess
import sys
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from headrace.domain.compiled import contract_id, from_json, to_json
from headrace.domain.contract import yaml_source
from headrace.domain.contract.compile import compile_contract
from headrace.domain.errors import InvalidContract
from headrace.domain.plan import Plan
from tests.domain.contracts import PATH, THINGS, mart_of

STEADY = settings(derandomize=True, deadline=None, max_examples=60)
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates().map(str)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
MASKS = [{"property": "headrace.mask", "value": mask} for mask in ("hash", "redact", "partial", "none")]


def option_pairs(kind: str, low: str, high: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A logical type with none, one or both of a pair of bounds, in the right order."""
    bounds = st.tuples(values, values).map(sorted).map(lambda pair: dict(zip((low, high), pair, strict=True)))
    kept = st.tuples(bounds, st.sets(st.sampled_from([low, high]))).map(
        lambda choice: {key: value for key, value in choice[0].items() if key in choice[1]}
    )
    return kept.map(lambda options: {"logicalType": kind, "logicalTypeOptions": options})


FLAT_TYPES = st.one_of(
    option_pairs("string", "minLength", "maxLength", st.integers(0, 99)),
    option_pairs("integer", "minimum", "maximum", st.integers(-(10**12), 10**12)),
    option_pairs("number", "minimum", "maximum", st.integers(-99, 99).map(lambda number: number / 4)),
    option_pairs("date", "minimum", "maximum", st.dates().map(str)),
    st.sampled_from([{"logicalType": "boolean"}, {"logicalType": "timestamp"}, {"logicalType": "object"}]),
)


def columns(types: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    named = st.tuples(NAMES, types).map(lambda pair: {"name": pair[0], **pair[1]})
    return st.lists(named, min_size=1, max_size=4, unique_by=lambda column: column["name"])


TYPES = st.recursive(
    FLAT_TYPES,
    lambda inner: (
        columns(inner).map(lambda properties: {"logicalType": "object", "properties": properties})
        | inner.map(lambda items: {"logicalType": "array", "items": items})
    ),
    max_leaves=5,
)
TOP_LEVEL = st.tuples(
    TYPES, st.fixed_dictionaries({}, optional={"required": st.booleans(), "description": st.text(max_size=9)})
).map(lambda pair: {**pair[0], **pair[1]})
MASKED = st.tuples(TOP_LEVEL, st.sampled_from(MASKS)).map(
    lambda pair: {**pair[0], "customProperties": [pair[1]]}
)


def plain(text: str) -> Any:
    """YAML as dicts and lists, also where the SAM CLI was imported, which makes PyYAML load ordered ones."""
    return json.loads(json.dumps(yaml.safe_load(text)))


def contract_with(properties: object) -> str:
    document = plain(THINGS)
    document["schema"][0]["properties"] = properties
    return yaml.safe_dump(document, allow_unicode=True)


@STEADY
@given(columns(TOP_LEVEL | MASKED))
def test_a_plan_outlives_its_json(properties: list[Any]) -> None:
    compiled = compile_contract(PATH, contract_with(properties)).compiled
    assert from_json(to_json(compiled)) == compiled
    assert to_json(from_json(to_json(compiled))) == to_json(compiled)


@STEADY
@given(columns(TOP_LEVEL | MASKED))
def test_compiling_again_gives_the_same_bytes(properties: list[Any]) -> None:
    text = contract_with(properties)
    assert to_json(compile_contract(PATH, text).compiled) == to_json(compile_contract(PATH, text).compiled)


@STEADY
@given(columns(TOP_LEVEL))
def test_the_id_is_the_hash_of_what_the_json_says_but_for_descriptions(properties: list[Any]) -> None:
    described = compile_contract(PATH, contract_with(properties)).compiled
    bare = [{key: value for key, value in each.items() if key != "description"} for each in properties]
    assert compile_contract(PATH, contract_with(bare)).compiled.contract == described.contract
    assert contract_id("1.0.0", from_json(to_json(described))) == described.contract


def test_a_mart_outlives_its_json() -> None:
    mart = mart_of("SELECT id FROM demo.other")
    assert from_json(to_json(mart)) == mart


def told(text: str) -> tuple[str, ...]:
    """The problems of a text, each one line; none where it compiles. Any other exception fails the test."""
    try:
        compile_contract(PATH, text)
    except InvalidContract as error:
        problems = error.problems
    else:
        return ()
    assert problems
    assert all(problem.startswith(f"{PATH}:") and len(problem.splitlines()) == 1 for problem in problems)
    return problems


@STEADY
@given(st.text())
def test_no_text_raises_anything_but_invalid_contract(text: str) -> None:
    assert told(text)


@STEADY
@given(st.text(alphabet="{}[]:,-&*!|>'\"%@`#?~<.0a \t\n\\", max_size=60), st.integers(0, len(THINGS)))
def test_no_scribble_in_a_contract_raises_anything_but_invalid_contract(scribble: str, at: int) -> None:
    told(THINGS[:at] + scribble + THINGS[at:])


def paths(value: object, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(path for key, each in inner for path in paths(each, (*here, key)))]


EVERYTHING = """
kind: DataContract
apiVersion: v3.1.0
id: x
version: 1.0.0
domain: demo
name: things
slaProperties: [{property: latency, value: 4, unit: h, element: things.a}]
servers:
  - {server: a, type: s3, location: b, format: csv, delimiter: ";", encoding: latin-1, customProperties: [
      {property: headrace.nulls, value: [""]}, {property: headrace.quote, value: "'"},
      {property: headrace.escape, value: "'"}, {property: headrace.header, value: true},
      {property: headrace.skip, value: 1}, {property: headrace.comment, value: "#"},
      {property: headrace.trim, value: true}]}
  - {server: b, type: s3, format: xml, customProperties: [{property: headrace.recordPath, value: a.b}]}
  - {server: c, type: s3, format: excel, customProperties: [{property: headrace.sheet, value: Data}]}
  - {server: d, type: kafka, format: avro}
schema:
  - name: things
    quality:
      - {metric: rowCount, mustBeBetween: [1, 2]}
      - {metric: duplicateValues, arguments: {properties: [a, b]}, mustBeLessThan: 1, unit: percent}
      - {type: sql, query: "SELECT count(*) FROM {object} WHERE b > 3", mustBeGreaterThan: 1, severity: info}
      - {type: custom, engine: headrace, name: order, implementation: "b > 3 OR h < date '2024-01-01'"}
      - {type: custom, engine: soda, implementation: {a: b}}
      - {type: text, description: words}
    relationships: [{from: [things.a, things.b], to: [others.a, others.b]}]
    properties:
      - {name: a, physicalName: A, logicalType: string, required: true, enum: [{value: a}],
         logicalTypeOptions: {pattern: a, minLength: 1, format: email}, examples: [a],
         quality: [{metric: invalidValues, arguments: {validValues: [a]}, mustBe: 0},
                   {metric: missingValues, arguments: {missingValues: ["", null]}, mustNotBe: 3}],
         relationships: [{to: others.a, customProperties: [{property: headrace.severity, value: error}]}],
         customProperties: [{property: headrace.aliases, value: [AA, aa]}]}
      - {name: b, logicalType: number, physicalType: "decimal(9,2)", primaryKey: true, primaryKeyPosition: 1,
         logicalTypeOptions: {minimum: 1, maximum: 2, multipleOf: 0.5}}
      - {name: c, logicalType: timestamp, partitioned: true, partitionKeyPosition: 1,
         logicalTypeOptions: {format: yyyy, defaultTimezone: UTC, minimum: "2024-01-01"},
         customProperties: [{property: headrace.partition, value: hour}]}
      - {name: d, logicalType: object, logicalTypeOptions: {required: [e]}, properties: [
          {name: e, logicalType: date, classification: pii},
          {name: f, logicalType: array, items: {logicalType: object, properties: [
             {name: g, logicalType: string, logicalTypeOptions: {maxLength: 3}}]}}]}
      - {name: f, logicalType: array, items: {logicalType: integer}, classification: pii,
         logicalTypeOptions: {minItems: 1, uniqueItems: true},
         customProperties: [{property: headrace.mask, value: hash}]}
      - {name: h, logicalType: date, unique: true}
      - {name: i, logicalType: boolean, customProperties: [
          {property: headrace.true, value: [J]}, {property: headrace.false, value: [N]}]}
      - {name: j, logicalType: time, logicalTypeOptions: {format: "HH:mm", minimum: "08:00"}}
      - {name: someName, physicalType: "varchar(9)"}
      - {name: k, logicalType: integer, logicalTypeOptions: {format: u16}}
      - {name: l, logicalType: object, logicalTypeOptions: {minProperties: 1}}
customProperties:
  - {property: headrace.evolution, value: evolve}
  - {property: headrace.reupload, value: append}
  - {property: headrace.keysWithin, value: batch}
  - {property: headrace.profile, value: false}
  - {property: headrace.maxQuarantinedPercent, value: 1}
  - {property: headrace.queries, value: [{name: a, sql: SELECT 1}]}
  - {property: headrace.examples, value: [
      {row: {A: a}, valid: true}, {row: {A: b}, breaks: [a enum, {column: b, rule: range}, order]}]}
"""
DOCUMENT = plain(EVERYTHING)
PATHS = paths(DOCUMENT)


def test_the_contract_with_everything_compiles() -> None:
    assert isinstance(compile_contract(PATH, EVERYTHING).compiled, Plan)


def test_a_contract_reads_the_same_where_the_quick_parser_is_not_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quick = compile_contract(PATH, EVERYTHING)
    monkeypatch.setattr(yaml_source, "_Quick", yaml_source._Plain)
    plain = compile_contract(PATH, EVERYTHING)
    assert replace(plain, sql=()) == replace(quick, sql=())
    places = [[(one.rule, one.place.line, one.place.column) for one in each.sql] for each in (plain, quick)]
    assert places[0] == places[1] != []


@settings(STEADY, max_examples=300)
@given(st.sampled_from(PATHS), VALUES)
def test_no_value_in_any_place_raises_anything_but_invalid_contract(
    path: tuple[Any, ...], value: Any
) -> None:
    document = copy.deepcopy(DOCUMENT)
    if not path:
        document = value
    else:
        owner = document
        for step in path[:-1]:
            owner = owner[step]
        owner[path[-1]] = value
    told(json.dumps(document))


@settings(STEADY, max_examples=100)
@given(st.sampled_from(PATHS[1:]), st.sampled_from(PATHS[1:]))
def test_no_two_places_changed_about_raise_anything_but_invalid_contract(
    one: tuple[Any, ...], other: tuple[Any, ...]
) -> None:
    document = copy.deepcopy(DOCUMENT)
    owner, donor = document, DOCUMENT
    for step in one[:-1]:
        owner = owner[step]
    for step in other:
        donor = donor[step]
    owner[one[-1]] = copy.deepcopy(donor)
    told(json.dumps(document))


@pytest.mark.parametrize("kind", ["dataset", "mart", "described", None])
def test_json_of_something_else_is_refused(kind: str | None) -> None:
    with pytest.raises(ValueError, match=r"missing|Invalid"):
        from_json(b"{}" if kind is None else f'{{"type": "{kind}"}}'.encode())


def test_reading_a_compiled_contract_loads_none_of_what_compiling_needs() -> None:
    loaded = "import sys, headrace.domain.compiled; print({'pydantic', 'yaml', 'sqlglot'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert answer.stdout == "set()\n"
