"""A unit's rows go to one file a partition; sorted, complete, the same bytes each time."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from headrace.domain.machine import Machine
from headrace.domain.plan import (
    Boolean,
    Column,
    Date,
    Decimal,
    Integer,
    Key,
    Partition,
    Plan,
    Text,
    Timestamp,
    Type,
)
from headrace.engines.duckdb import Refined, Source, partitions, refine
from tests.engines.unit import landed, plan


def written(the_plan: Plan, body: str, workdir: Path) -> Refined:
    workdir.mkdir()
    source = workdir / "00000"
    source.write_text(body)
    return refine(
        the_plan,
        batch=1,
        sources=[Source(0, landed("mills.csv"), source)],
        workdir=workdir,
        masking_key=b"",
        machine=Machine(1024),
    )


def by_file(refined: Refined, name: str) -> list[list[Any]]:
    return [pq.read_table(one.path).column(name).to_pylist() for one in refined.curated]


@pytest.mark.parametrize(
    ("kind", "partition", "values", "files"),
    [
        (Text(), Partition("a"), ["elbe", "rhine", "elbe", ""], [["elbe", "elbe"], ["rhine"], [None]]),
        (Text(), Partition("a", "truncate", 2), ["río", "ríe", "ro", "r"], [["r"], ["ro"], ["río", "ríe"]]),
        (Boolean(), Partition("a"), ["true", "", "false", "true"], [[False], [True, True], [None]]),
        (Integer(32), Partition("a"), ["7", "-7", "7"], [[-7], [7, 7]]),
        (
            Integer(),
            Partition("a", "truncate", 10),
            ["-1", "0", "9", "-10", "-11", "-9223372036854775808", "9223372036854775807"],
            [[-(2**63)], [-11], [-1, -10], [0, 9], [2**63 - 1]],
        ),
        (Date(), Partition("a", "year"), ["1969-12-31", "1970-01-01", "1969-01-01"], None),
        (Date(), Partition("a", "month"), ["0001-01-31", "2026-02-28", "2026-02-01", "2026-03-01"], None),
        (Date(), Partition("a", "day"), ["1969-12-31", "1970-01-01", "1970-01-01"], None),
        (
            Timestamp(timezone="Europe/Berlin"),
            Partition("a", "day"),
            ["2026-03-02 00:59:59.999999", "2026-03-02 01:00:00", "1969-12-31 23:00:00"],
            None,
        ),
        (Timestamp(), Partition("a", "hour"), ["1969-12-31 23:59:59.999999", "1970-01-01 00:00:00"], None),
    ],
)
def test_each_partition_has_a_file(
    tmp_path: Path, kind: Type, partition: Partition, values: Sequence[str], files: list[list[Any]] | None
) -> None:
    the_plan = plan(Column("a", "a", kind), Column("n", "n", Integer()), partitions=(partition,))
    body = "a,n\n" + "".join(f"{value},{at}\n" for at, value in enumerate(values, 1))
    refined = written(the_plan, body, tmp_path / "unit")
    assert sorted(n for rows in by_file(refined, "n") for n in rows) == list(range(1, len(values) + 1))
    assert all(rows == sorted(rows) for rows in by_file(refined, "_row"))
    assert not refined.quarantine
    if files is not None:
        assert by_file(refined, "a") == files


@pytest.mark.parametrize(
    ("value", "floor"), [("10.65", "10.50"), ("-0.01", "-0.50"), ("0.49", "0.00"), ("-0.50", "-0.50")]
)
def test_decimals_are_truncated_by_units_of_their_last_digit(tmp_path: Path, value: str, floor: str) -> None:
    column = Column("a", "a", Decimal(38, 2))
    the_plan = plan(column, partitions=(Partition("a", "truncate", 50),))
    least = "-999999999999999999999999999999999999.99"
    refined = written(the_plan, f"a\n{value}\n{floor}\n{least}\n", tmp_path / "unit")
    assert [one.rows for one in refined.curated] == [1, 2]


def test_several_columns_partition_together(tmp_path: Path) -> None:
    columns = Column("river", "river", Text()), Column("opened", "opened", Date())
    the_plan = plan(*columns, partitions=(Partition("river"), Partition("opened", "year")))
    body = "river,opened\nelbe,1901-02-03\nrhine,1901-01-01\nelbe,1902-01-01\nelbe,1901-12-31\nelbe,\n"
    refined = written(the_plan, body, tmp_path / "unit")
    assert by_file(refined, "_row") == [[1, 4], [3], [5], [2]]


def test_the_same_input_gives_the_same_files(tmp_path: Path) -> None:
    the_plan = plan(Column("a", "a", Text()), partitions=(Partition("a", "truncate", 1),))
    body = "a\n" + "".join(f"{chr(97 + at * 7 % 26)}{at}\n" for at in range(1_000))
    one, other = (written(the_plan, body, tmp_path / name) for name in ("one", "other"))
    hashes = [[sha256(file.path.read_bytes()).hexdigest() for file in r.curated] for r in (one, other)]
    assert hashes[0] == hashes[1]
    assert len(hashes[0]) == 26


def test_columns_may_have_the_names_that_we_use(tmp_path: Path) -> None:
    names = ("partition", "value0", "entry", "place", "number")
    the_plan = plan(*(Column(name, name, Text()) for name in names), partitions=(Partition("value0"),))
    refined = written(the_plan, ",".join(names) + "\na,b,c,d,e\nf,g,h,i,j\n", tmp_path / "unit")
    rows = [row for one in refined.curated for row in pq.read_table(one.path).to_pylist()]
    assert [[row[name] for name in names] for row in rows] == [list("abcde"), list("fghij")]


def test_quarantined_rows_make_no_partition(tmp_path: Path) -> None:
    columns = Column("a", "a", Text()), Column("n", "n", Integer(), required=True)
    the_plan = plan(*columns, partitions=(Partition("a"),), keys=(Key(("n",)),))
    refined = written(the_plan, "a,n\nelbe,1\nrhine,\nspree,1\n", tmp_path / "unit")
    assert by_file(refined, "a") == [["elbe"]]
    assert refined.objects[0].quarantined == 2


def test_a_unit_of_too_many_partitions_keeps_the_first_and_quarantines_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "MOST_PARTITIONS", 3)
    the_plan = plan(Column("a", "a", Integer()), partitions=(Partition("a"),))
    refined = written(the_plan, "a\n5\n4\n3\n2\n1\n5\n", tmp_path / "unit")
    assert by_file(refined, "a") == [[1], [2], [3]]
    rows = [row for one in refined.quarantine for row in pq.read_table(one.path).to_pylist()]
    assert [(row["_row"], row["_raw"], row["_reasons"]) for row in rows] == [
        (place, f'{{"a":"{value}"}}', [{"column": "a", "rule": "partition", "value_excerpt": value}])
        for place, value in ((1, "5"), (2, "4"), (6, "5"))
    ]
