"""Compiling a contract: ODCS YAML into the plan that the engines render, or all that is wrong with it."""

import re
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from headrace.domain.column_names import snake_case
from headrace.domain.compiled import contract_id
from headrace.domain.contract.columns import dataset_columns, mart_columns
from headrace.domain.contract.examples import examples_of
from headrace.domain.contract.extensions import CONTRACT, Settings
from headrace.domain.contract.formats import landed_formats, lands
from headrace.domain.contract.keys import distinct_keys, keys_of, partitions_of
from headrace.domain.contract.quality import Quality, WrittenSql, not_checked
from headrace.domain.contract.queries import queries_of, query_of
from headrace.domain.contract.relations import read_relationships
from headrace.domain.contract.service_levels import ServiceLevel, service_levels
from headrace.domain.contract.source import Findings, Place, excerpt
from headrace.domain.contract.structure import check_structure
from headrace.domain.contract.yaml_source import read_source
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import InvalidContract, InvalidRequest
from headrace.domain.plan import Column, Compiled, DatasetRule, Described, Example, Mart, Plan, Quarantined

_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,31}")


class Compilation(Struct, frozen=True):
    """A compiled contract, and what its author should know: one line a note, formed as problems are.

    `path` is what messages name it by, and `sql` where its rules that are SQL are written. `examples` are
    those that the contract gives, and `levels` the service levels that it promises; neither changes what
    the contract means.
    """

    path: str
    compiled: Compiled
    notes: tuple[str, ...]
    sql: tuple[WrittenSql, ...] = ()
    examples: tuple[Example, ...] = ()
    levels: tuple[ServiceLevel, ...] = ()


def compile_contract(path: str, text: str) -> Compilation:
    """Compile the contract that stands at `path`, `…/<domain>/<dataset>.odcs.yaml`.

    Raises InvalidContract with all its problems at once, each one line:
    `path:line:column: what is wrong at schema[0].properties[3].logicalType; what to do next`.
    """
    found = Findings(path)
    root = read_source(text, found)
    ours = Settings(root, CONTRACT, found)
    here = lands(root) or bool(ours)
    check_structure(root, here, found)
    version = _version(root, found)
    levels = service_levels(root, found)
    compiled: Compiled
    sql: tuple[WrittenSql, ...] = ()
    examples: tuple[Example, ...] = ()
    if "headrace.sql" in ours:
        compiled = _mart(_dataset(root, path, found), _schema(root, found), ours, found)
    elif here:
        compiled, sql = _plan(_dataset(root, path, found), root, _schema(root, found), ours, found)
        examples = examples_of(ours.get("headrace.examples"), compiled, found)
    else:
        compiled = _described(root, path, found)
    found.settle()
    compiled = replace(compiled, contract=contract_id(version, compiled))
    return Compilation(path, compiled, found.notes, sql, examples, levels)


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
    Settings(schema, {}, found)
    return schema


def _plan(
    dataset: DatasetId, root: Place, schema: Place, ours: Settings, found: Findings
) -> tuple[Plan, tuple[WrittenSql, ...]]:
    """The plan of a dataset, and where its rules that are SQL are written."""
    columns = dataset_columns(schema, found)
    quality = Quality(dataset, columns, found)
    quality.read(schema, columns)
    read_relationships(schema, columns, dataset, quality, found)
    if "headrace.maxQuarantinedPercent" in ours:
        most = _percent(ours["headrace.maxQuarantinedPercent"], found)
        quality.add(DatasetRule("max_quarantined_percent", Quarantined(), most=most, percent=True))
    within: Literal["table", "batch"] = ours.choice("headrace.keysWithin", ("table", "batch"))
    plan = Plan(
        dataset=dataset,
        contract="",
        formats=landed_formats(root, columns, found),
        columns=tuple(column for _, column in columns),
        evolution=ours.choice("headrace.evolution", ("rescue", "freeze", "evolve")),
        reupload=ours.choice("headrace.reupload", ("immutable", "append")),
        checks=tuple(quality.checks),
        keys=distinct_keys(keys_of(columns, found), quality.keys, columns, within, found),
        keys_within=within,
        partitions=partitions_of(columns, found),
        rules=tuple(quality.rules),
        queries=queries_of(ours.get("headrace.queries"), found),
        profiled=ours.flag("headrace.profile", default=True),
    )
    return plan, tuple(quality.sql)


def _mart(dataset: DatasetId, schema: Place, ours: Settings, found: Findings) -> Mart:
    for name, place in ours.items():
        if name != "headrace.sql":
            found.problem(
                place, f"{name} is for datasets that land", "remove it: headrace.sql makes this a mart"
            )
    for check in schema.items_of("quality"):
        not_checked(check, found, "a mart is not checked: check the datasets that land")
    columns = mart_columns(schema, found)
    place = ours["headrace.sql"]
    sql, read = query_of(place, found, columns)
    if dataset in read:
        found.problem(place, f"the mart {dataset} reads itself", "read the datasets that it is made of")
    elif sql and not read:
        found.problem(place, "the mart reads no dataset", "select from a table named domain.dataset")
    return Mart(dataset=dataset, contract="", columns=columns, sql=sql, reads=read)


def _described(root: Place, path: str, found: Findings) -> Described:
    """What a contract says of tables that are elsewhere; nothing in it is held against it."""
    unheard = Findings(path)
    tables: dict[str, tuple[Column, ...]] = {}
    for index, schema in enumerate(root.items_of("schema"), 1):
        name = schema.text_of("name") or schema.text_of("physicalName") or f"table_{index}"
        tables[name] = tuple(column for _, column in dataset_columns(schema, unheard) if column.name)
    advice = "it is kept and shown; to make a table of it, add a server with type: s3 and a format"
    found.note(root.at("servers"), "nothing lands by this contract", advice)
    return Described(_named_by_file(path), "", tables)


def _named_by_file(path: str) -> DatasetId:
    """The dataset that a file is called after, whatever the file is called."""
    folder, _, file = path.rpartition("/")
    words = snake_case(folder.rpartition("/")[2]), snake_case(file.partition(".")[0])
    domain = words[0].replace("_", "").lstrip("0123456789")[:20] or "described"
    name = words[1].lstrip("0123456789_")[:40].rstrip("_") or "contract"
    return DatasetId(domain, name)


def _percent(place: Place, found: Findings) -> float:
    value = place.value
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100:
        return float(value)
    found.problem(place, f"{excerpt(value)} is no percentage", "write a number from 0 to 100")
    return 0.0
