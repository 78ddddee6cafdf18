"""Compiling a contract: ODCS YAML into the plan that the engines render, or all that is wrong with it."""

import re
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from headrace.domain.compiled import contract_id
from headrace.domain.contract.columns import dataset_columns, mart_columns
from headrace.domain.contract.extensions import CONTRACT, extensions
from headrace.domain.contract.formats import landed_formats
from headrace.domain.contract.rules import dataset_rules, not_checked
from headrace.domain.contract.source import Findings, Place, did_you_mean, excerpt, read_source
from headrace.domain.contract.sql import InvalidSql, normalised, parse_query, reads
from headrace.domain.contract.structure import check_structure
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import InvalidContract, InvalidRequest
from headrace.domain.plan import Column, Compiled, DatasetRule, Mart, Plan, Quarantined, Query

_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,31}")
_MOST_SQL = 50_000
"""Characters of a contract's queries: a state of the state machine holds them all, in at most 256 KB."""
_QUERY_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")


class Compilation(Struct, frozen=True):
    """A compiled contract, and what its author should know: one line a note, formed as problems are."""

    compiled: Compiled
    notes: tuple[str, ...]


def compile_contract(path: str, text: str) -> Compilation:
    """Compile the contract that stands at `path`, `…/<domain>/<dataset>.odcs.yaml`.

    Raises InvalidContract with all its problems at once, each one line:
    `path:line:column: what is wrong at schema[0].properties[3].logicalType; what to do next`.
    """
    found = Findings(path)
    root = read_source(text, found)
    check_structure(root, found)
    dataset = _dataset(root, path, found)
    version = _version(root, found)
    ours = extensions(root, CONTRACT, found)
    schema = _schema(root, found)
    if root.items_of("slaProperties"):
        found.note(root.at("slaProperties"), "service levels are not watched", "they are documentation here")
    compiled: Compiled
    if "headrace.sql" in ours:
        compiled = _mart(dataset, schema, ours, found)
    else:
        compiled = _plan(dataset, root, schema, ours, found)
    found.settle()
    return Compilation(replace(compiled, contract=contract_id(version, compiled)), found.notes)


def compile_contracts(sources: Sequence[tuple[str, str]]) -> tuple[Compilation, ...]:
    """Compile contracts that are to stand together, each a path and a text, in their order.

    Raises InvalidContract with the problems of all of them; one dataset in two files is one.
    """
    compilations: list[Compilation] = []
    problems: list[str] = []
    first: dict[DatasetId, str] = {}
    for path, text in sources:
        try:
            compilation = compile_contract(path, text)
        except InvalidContract as error:
            problems.extend(error.problems)
            continue
        dataset = compilation.compiled.dataset
        if dataset in first:
            problems.append(f"{path}:1:1: {dataset} is defined in {first[dataset]} too; keep one of the two")
        first.setdefault(dataset, path)
        compilations.append(compilation)
    if problems:
        raise InvalidContract(tuple(problems))
    return tuple(compilations)


def _dataset(root: Place, path: str, found: Findings) -> DatasetId:
    dataset = DatasetId(root.text_of("domain"), root.text_of("name"))
    if not (dataset.domain and dataset.name):
        return dataset
    here = root.at("name")
    try:
        DatasetId.parse(str(dataset))
    except InvalidRequest as error:
        found.problem(here, "domain and name do not name a dataset", str(error))
        return dataset
    expected = f"{dataset}.odcs.yaml"
    if path != expected and not path.endswith(f"/{expected}"):
        found.problem(here, f"the file of {dataset} has another name", f"call it contracts/{expected}")
    return dataset


def _version(root: Place, found: Findings) -> str:
    version = root.text_of("version")
    if version and not _VERSION.fullmatch(version):
        advice = "write at most 32 letters, digits, dots and hyphens, as in 1.0.0"
        found.problem(root.at("version"), f"{excerpt(version)} is no version", advice)
    return version


def _schema(root: Place, found: Findings) -> Place:
    """The one schema object of the contract; an empty place where there is none."""
    here = root.at("schema")
    objects = root.items_of("schema")
    if len(objects) != 1:
        if root.get("schema"):
            what = f"{len(objects)} schema objects stand here"
            found.problem(here, what, "a contract is for one table: keep one, or split the contract")
        return objects[0] if objects else here
    schema = objects[0]
    if not schema.text_of("name"):
        found.problem(schema, "the schema object has no name", "add name")
    if not schema.items_of("properties"):
        found.problem(schema.at("properties"), "the table has no columns", "add properties, one a column")
    extensions(schema, (), found)
    return schema


def _plan(dataset: DatasetId, root: Place, schema: Place, ours: dict[str, Place], found: Findings) -> Plan:
    rules = dataset_rules(schema.items_of("quality"), found)
    most = ours.get("headrace.maxQuarantinedPercent")
    if most:
        rules.append(
            DatasetRule("max_quarantined_percent", Quarantined(), most=_percent(most, found), percent=True)
        )
    freeze = _choice(ours.get("headrace.evolution"), ("rescue", "freeze"), found) == "freeze"
    append = _choice(ours.get("headrace.reupload"), ("immutable", "append"), found) == "append"
    columns, keys = dataset_columns(schema, found)
    return Plan(
        dataset=dataset,
        contract="",
        formats=landed_formats(root, found),
        columns=columns,
        keys=keys,
        evolution="freeze" if freeze else "rescue",
        reupload="append" if append else "immutable",
        rules=tuple(rules),
        queries=_queries(ours.get("headrace.queries"), found),
    )


def _mart(dataset: DatasetId, schema: Place, ours: dict[str, Place], found: Findings) -> Mart:
    for name, place in ours.items():
        if name != "headrace.sql":
            found.problem(
                place, f"{name} is for datasets that land", "remove it: headrace.sql makes this a mart"
            )
    for check in schema.items_of("quality"):
        not_checked(check, found)
    columns = mart_columns(schema, found)
    place = ours["headrace.sql"]
    sql, read = _query(place, found, columns)
    if dataset in read:
        found.problem(place, f"the mart {dataset} reads itself", "read the datasets that it is made of")
    elif sql and not read:
        found.problem(place, "the mart reads no dataset", "select from a table named domain.dataset")
    return Mart(dataset=dataset, contract="", columns=columns, sql=sql, reads=read)


def _query(
    place: Place, found: Findings, columns: tuple[Column, ...] = ()
) -> tuple[str, tuple[DatasetId, ...]]:
    """A contract's SQL, normalised, and what it reads; `columns` are what it must give, if that is known."""
    if not isinstance(place.value, str):
        found.problem(place, "this is no SQL", "write one SELECT as text")
        return "", ()
    try:
        query = parse_query(place.value)
        sql = normalised(query)
    except InvalidSql as error:
        inside = None
        if place.indent is not None:
            inside = place.line + error.line, place.indent + error.column
        found.problem(place, error.what, error.advice, inside)
        return "", ()
    if columns and not query.is_star:
        given = [name.lower() for name in query.named_selects]
        wanted = [column.name for column in columns]
        for name in wanted:
            if name not in given:
                advice = did_you_mean(name, given, f"select something AS {name}")
                found.problem(place, f"the SQL gives no column {name}", advice)
        for name in given:
            if name not in wanted or given.count(name) > 1:
                advice = "name each column once, and declare it under properties"
                found.problem(
                    place,
                    f"the SQL gives a column {excerpt(name)} that the schema does not hold once",
                    advice,
                )
    return sql, reads(query)


def _queries(place: Place | None, found: Findings) -> tuple[Query, ...]:
    queries: dict[str, Query] = {}
    if place is not None and not isinstance(place.value, list):
        found.problem(place, "queries are a list", "write - {name: …, sql: …} under value")
    for entry in place.items if place else ():
        name, sql = entry.text_of("name"), entry.get("sql")
        unknown = set(entry.entries) - {"name", "sql"}
        if not _QUERY_NAME.fullmatch(name) or name in queries or unknown:
            advice = "give name (lower-case, once) and sql, and nothing else"
            found.problem(entry.at("name"), "the query is not named as queries are", advice)
        elif sql is None:
            found.problem(entry, f"the query {name} has no sql", "add sql")
        else:
            queries[name] = Query(name, _query(sql, found)[0])
    if place is not None and sum(len(query.sql) for query in queries.values()) > _MOST_SQL:
        found.problem(place, f"the queries are longer than {_MOST_SQL:,} characters", "make a mart of some")
    return tuple(queries.values())


def _percent(place: Place, found: Findings) -> float:
    value = place.value
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100:
        return float(value)
    found.problem(place, f"{excerpt(value)} is no percentage", "write a number from 0 to 100")
    return 0.0


def _choice(place: Place | None, choices: tuple[str, ...], found: Findings) -> str:
    if place is None or place.value in choices:
        return place.text if place else choices[0]
    advice = did_you_mean(place.text, choices, f"write one of {', '.join(choices)}")
    found.problem(place, f"{excerpt(place.value)} is no choice here", advice)
    return choices[0]
