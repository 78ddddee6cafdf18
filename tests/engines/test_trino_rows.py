"""A contract in Trino's SQL: held by golden files, parsed as Trino's, answered by the laptop's Athena."""

from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pytest
import sqlglot
from msgspec.structs import replace
from sqlglot import exp

from headrace.domain.machine import Machine
from headrace.domain.plan import Plan
from headrace.engines.duckdb import Source
from headrace.engines.duckdb.rows.masks import Masks
from headrace.engines.spark.read import reader
from headrace.engines.texts import text_columns
from headrace.engines.trino.dialect import to_trino
from headrace.engines.trino.rows import judged
from headrace_local.athena.formatting import text
from headrace_local.athena.lake import Lake
from headrace_local.athena.select import Run
from headrace_local.athena.trino.dialect import parse
from tests.engines.trino_plans import GOLDEN, MOMENTS, NESTED, NUMBERS, TEXT, TEXTS, renderings
from tests.engines.unit import DEPLOYMENT_KEY, KEY, landed, refine_files
from tests.local.athena.answers import NOW


@pytest.mark.parametrize("name", sorted(renderings()))
def test_renderings_are_as_the_golden_files_have_them(name: str) -> None:
    written = (GOLDEN / name).read_bytes().decode()
    assert renderings()[name] == written, "if this is meant, run python -m tests.engines.trino_plans"


def test_there_is_no_golden_file_too_many() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(renderings())


@pytest.mark.parametrize("name", sorted(renderings()))
def test_renderings_parse_in_trinos_dialect(name: str) -> None:
    parsed = sqlglot.parse_one(renderings()[name], dialect="trino")
    assert isinstance(parsed, exp.Select)
    assert not list(parsed.find_all(exp.Command))


def literal(value: Any, kind: exp.DataType) -> exp.Expr:
    """A value of Python's as a typed expression of Trino's."""
    if value is None:
        made: exp.Expr = exp.null()
    elif kind.this == exp.DType.STRUCT:
        parts = (literal(value[one.name], one.args["kind"]) for one in kind.expressions)
        made = exp.Anonymous(this="ROW", expressions=list(parts))
    elif kind.this == exp.DType.ARRAY:
        made = exp.Array(expressions=[literal(one, kind.expressions[0]) for one in value])
    elif isinstance(value, bool):
        made = exp.Boolean(this=value)
    elif isinstance(value, int):
        made = exp.Literal.number(value)
    else:
        made = exp.Literal.string(str(value))
    return exp.Cast(this=made, to=to_trino({})(kind.copy()))


def texts_of(plan: Plan, content: bytes, path: Path) -> exp.Query:
    """The relation of texts that a file is, as one query of literals."""
    path.write_bytes(content)
    source = Source(0, landed(path.name), path)
    read = reader(plan, [source], Masks(KEY, DEPLOYMENT_KEY), Machine(512))
    kinds = text_columns(plan)
    rows = [row for batch in read(iter([pa.record_batch([[0]], ["id"])])) for row in batch.to_pylist()]
    selects = [
        exp.select(*(exp.alias_(literal(row[name], kind), name, quoted=True) for name, kind in kinds.items()))
        for row in rows
    ]
    return exp.union(*selects, distinct=False) if len(selects) > 1 else selects[0]


def in_athena(plan: Plan, texts: exp.Query) -> list[dict[str, str | None]]:
    """The judged rows, as the laptop's Athena writes them."""
    statement = judged(plan, TEXTS)
    tree = parse(statement)
    for table in list(tree.find_all(exp.Table)):
        relation = parse(texts.sql("trino"))
        assert isinstance(relation, exp.Query)
        table.replace(relation.subquery("texts"))
    keys = iter((KEY, DEPLOYMENT_KEY))
    for parameter in list(tree.find_all(exp.Placeholder)):
        parameter.replace(exp.Literal.string(next(keys).hex()))
    rows = Run(statement, cast("Lake", None), NOW).query(tree)
    names = [str(name) for name, _ in rows.query.columns]
    kinds = [kind for _, kind in rows.query.columns]
    return [
        {
            name: None if value is None else text(value, kind)
            for name, value, kind in zip(names, row.values(), kinds, strict=True)
        }
        for row in rows.table.to_pylist()
    ]


# What the laptop's Athena refuses: a map from JSON (`freeze`), json_size (`Fields`).
MASKED = tuple(one for one in TEXT.columns if one.name in ("name", "code", "email", "phone", "note"))
ROWS: dict[str, tuple[Plan, str, list[str]]] = {
    "numbers": (
        NUMBERS,
        "f.csv",
        [
            "ID,Wheels,Price,Flow,Open,more",
            "1,2,1.50,0.5,yes,",
            "2,3,1e1,x,no,m",
            ",,,,,",
            " 40 ,-1,99.995,2e3,maybe,",
            "9223372036854775808,2147483648,1e400,1e400,YES,",
            "x",
        ],
    ),
    "text": (
        replace(TEXT, columns=MASKED, evolution="rescue"),
        "f.csv",
        [
            "Name,Code,Email,Phone,Note",
            "MILL x.,a,e@x,1234567,n",
            "Moulin,z,,12345678901234,\u00e9",
            ",n/a,,,",
        ],
    ),
    "moments": (
        replace(MOMENTS, columns=(MOMENTS.columns[0], MOMENTS.columns[1], MOMENTS.columns[5])),
        "f.csv",
        [
            "Built,Sold,Seen",
            "1900-01-01,3 may 2024,2024-01-01T10:00+01",
            "1799-12-31,31 April 2024,2000-01-01",
            "x,x,2024-07-01T10:00:00.1234567Z",
        ],
    ),
    "nested": (
        replace(NESTED, columns=NESTED.columns[:2]),
        "f.ndjson",
        [
            '{"Tags": ["a", "b"], "Mill": {"Name": "Ada", "Stones": ["1.5", 2], "Miller": "bob"}}',
            '{"Tags": ["a", "a"], "Mill": {"Name": "ada", "Stones": ["x"], "Miller": "bob", "new": 1}}',
            '{"Tags": [], "Mill": []}',
        ],
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(ROWS))
def test_the_laptops_athena_judges_rows_as_duckdb_does(name: str, tmp_path: Path) -> None:
    plan, key, lines = ROWS[name]
    content = "\n".join(lines).encode()
    plan = replace(plan, keys=())  # which hold over all rows: a SELECT of its own
    found = in_athena(plan, texts_of(plan, content, tmp_path / key))
    unit = refine_files(plan, {key: content})
    quarantined = {row["_row"]: (shown(row["_reasons"]), row["_raw"]) for row in unit.quarantine}
    assert {
        int(row["place"] or 0): (row["reasons"], row["raw"]) for row in found if row["reasons"]
    } == quarantined
    kept = [row for row in found if not row["reasons"]]
    masked = [i for i, one in enumerate(plan.columns) if one.mask not in (None, "drop", "truncate")]
    assert [[row[f"o{i}"] for i in masked] for row in kept] == [
        [row[plan.columns[i].name] for i in masked] for row in unit.curated
    ]
    assert kept
    assert quarantined


def shown(reasons: list[dict[str, str]]) -> str:
    """Reasons as Athena writes an array of rows."""
    rows = (
        f"{{column={one['column']}, rule={one['rule']}, value_excerpt={one['value_excerpt']}}}"
        for one in reasons
    )
    return f"[{', '.join(rows)}]"
