"""Two tables are compared row by row in the laptop's Athena, as `headrace rebuild` has it done."""

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal as Number
from typing import Any

import boto3
import pytest

from headrace.domain.plan import (
    Array,
    Boolean,
    Column,
    Date,
    Decimal,
    Double,
    Integer,
    Object,
    Text,
    Timestamp,
)
from headrace.domain.tables import CURATED_SYSTEM_COLUMNS, QUARANTINE_COLUMNS
from headrace.domain.zones import TableRef
from headrace.ports import TableSpec
from headrace_cli.deployment import Deployment, Outputs
from headrace_cli.failures import Failure
from headrace_cli.query import run_query
from headrace_cli.rebuild.difference import Difference, difference
from headrace_local.emulator import client_environment
from tests.local.account import Account
from tests.ports.worlds import EmulatedWorld

pytestmark = pytest.mark.laptop

NIGHT = Object((Column("at", "", Timestamp()), Column("guests", "", Array(Text()))))
COLUMNS = (
    Column("name", "", Text()),
    Column("wheels", "", Integer(32)),
    Column("ratio", "", Double()),
    Column("price", "", Decimal(9, 2)),
    Column("open", "", Boolean()),
    Column("built", "", Date()),
    Column("seen", "", Timestamp()),
    Column("nights", "", Array(NIGHT)),
    *CURATED_SYSTEM_COLUMNS,
)
MOMENT = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)
MILL: dict[str, Any] = {
    "name": "Obermühle",
    "wheels": 3,
    "ratio": 0.1,
    "price": Number("12.34"),
    "open": True,
    "built": date(1969, 12, 31),
    "seen": MOMENT,
    "nights": [{"at": MOMENT, "guests": ["Ada", None]}],
    "_object": "s3://landing/river/mills/a.csv?versionId=1",
    "_row": 1,
    "_batch": 1,
    "_contract": "1.0.0+1a2b3c4d",
    "_rescued": None,
}
NULLS = {**dict.fromkeys(MILL), **{name: MILL[name] for name in ("_object", "_batch")}, "_row": 2}


class Laptop:
    """Two tables with these columns, compared by the command's own clients."""

    def __init__(self, world: EmulatedWorld, endpoint: str) -> None:
        session = boto3.Session("test", "test", region_name="us-east-1")
        self.deployment = Deployment(session, "headrace", endpoint)
        unused = dict.fromkeys(Outputs.__struct_fields__, "unused")
        self.deployment.outputs = Outputs(**{**unused, "workgroup": f"rebuild-{uuid.uuid4()}"})
        where: Any = {"ResultConfiguration": {"OutputLocation": f"{world.location}/athena-results/"}}
        self.deployment.athena.create_work_group(Name=self.deployment.outputs.workgroup, Configuration=where)
        self.world, self.catalog = world, world.catalog()

    def table(
        self, name: str, rows: Sequence[Mapping[str, Any]], columns: tuple[Column, ...] = COLUMNS
    ) -> TableRef:
        ref = TableRef(self.world.database, name)
        self.catalog.ensure(TableSpec(ref, columns, f"{self.world.location}/{name}", {}))
        if rows:
            self.catalog.append(ref, [self.catalog.parquet(ref, rows)], {}, {})
        return ref

    def compared(self, old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> Difference:
        name = uuid.uuid4().hex[:8]
        tables = self.table(f"old_{name}", old), self.table(f"new_{name}", new)
        return difference(self.deployment, *tables, watermark=2)


@pytest.fixture
def athena(account: Account, monkeypatch: pytest.MonkeyPatch) -> Laptop:
    endpoint = account.laptop.endpoint
    for name, value in client_environment(port=int(endpoint.rpartition(":")[2])).items():
        monkeypatch.setenv(name, value)
    return Laptop(EmulatedWorld("laptop", endpoint), endpoint)


def counts(found: Difference) -> tuple[int, int, int, int]:
    return found.rows, found.only_old, found.only_new, found.different


def test_equal_rows_of_every_type_are_no_difference(athena: Laptop) -> None:
    found = athena.compared([MILL, NULLS], [NULLS, MILL])
    assert counts(found) == (2, 0, 0, 0)
    assert found.none


CHANGES: tuple[dict[str, Any], ...] = (
    {"name": "Obermuhle"},
    {"name": None},
    {"name": "null"},
    {"wheels": 4},
    {"ratio": 0.1000000001},
    {"price": Number("12.35")},
    {"open": None},
    {"built": date(1970, 1, 1)},
    {"seen": MOMENT.replace(microsecond=123457)},
    {"nights": [{"at": MOMENT.replace(microsecond=1), "guests": ["Ada", None]}]},
    {"nights": [{"at": MOMENT, "guests": ["Ada"]}]},
    {"nights": [{"at": MOMENT, "guests": ['Ada","null']}]},
    {"nights": None},
    {"nights": []},
    {"_contract": "1.0.0+2b3c4d5e"},
    {"_rescued": "{}"},
    {"_batch": 2},
)


def test_every_value_that_differs_is_found_and_can_be_looked_at(athena: Laptop) -> None:
    rows = [{**MILL, "_row": at} for at in range(len(CHANGES) + 1)]
    changed = [{**row, **change} for row, change in zip(rows, (*CHANGES, {}), strict=True)]
    found = athena.compared(rows, changed)
    assert counts(found) == (len(rows), 0, 0, len(CHANGES))
    listed = run_query(athena.deployment, found.sql).rows
    assert [(row["_row"], row["only_old"], row["only_new"]) for row in listed] == [
        (at, 1, 1) for at in range(len(CHANGES))
    ]


def test_rows_of_one_table_alone_are_counted_but_not_those_of_later_batches(athena: Laptop) -> None:
    later, elsewhere = {**MILL, "_row": 7, "_batch": 3}, {**MILL, "_object": "s3://landing/b"}
    assert counts(athena.compared([MILL, MILL, NULLS], [MILL, elsewhere, later])) == (2, 2, 1, 0)
    assert counts(athena.compared([], [])) == (0, 0, 0, 0)


def test_quarantine_is_compared_with_its_reasons(athena: Laptop) -> None:
    reason = {"column": "wheels", "rule": "minimum", "value_excerpt": "-1"}
    row = {name: MILL.get(name) for name in ("_object", "_row", "_batch", "_contract")} | {"_raw": "a,-1"}
    name = uuid.uuid4().hex[:8]
    old, new = (
        athena.table(f"{side}_{name}", [{**row, "_reasons": reasons}], QUARANTINE_COLUMNS)
        for side, reasons in (("old", [reason]), ("new", [{**reason, "rule": "type"}]))
    )
    assert counts(difference(athena.deployment, old, new, 1)) == (1, 0, 0, 1)


def test_tables_with_other_columns_are_not_compared(athena: Laptop) -> None:
    old, new = athena.table("mills_old", []), athena.table("mills_new", [], COLUMNS[1:])
    with pytest.raises(Failure, match="not the same columns"):
        difference(athena.deployment, old, new, 1)
