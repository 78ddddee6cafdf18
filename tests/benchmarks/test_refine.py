"""The benchmark's contestants do the same job; those not installed for tests are left to `just bench`."""

from pathlib import Path

import pytest

from benchmarks import orders
from benchmarks.compare import fingerprint
from benchmarks.latency import wide_contract
from benchmarks.measure import measured
from headrace.domain.contract.compile import compile_contract
from headrace.domain.plan import Plan

ROWS = 4_000


@pytest.mark.slow
def test_headrace_and_a_model_a_row_give_the_same_output(tmp_path: Path) -> None:
    files = [tmp_path / "a.csv", tmp_path / "b.csv"]
    orders.write_csv(files[0], 0, ROWS // 2, ROWS)
    orders.write_csv(files[1], ROWS // 2, ROWS, ROWS)
    outputs = []
    for name in ("headrace", "pydantic"):
        out = tmp_path / name
        out.mkdir()
        usage = measured(name, files, out, memory_mb=1_769, cores=1)
        assert usage.cpu > 0
        assert usage.peak_mb > 10
        outputs.append(fingerprint(out, numbered=True))
    assert outputs[0] == outputs[1]
    curated, quarantined = (rows for rows, _ in outputs[0])
    assert curated + quarantined == ROWS
    assert ROWS / 200 < quarantined < ROWS / 50


def test_orders_are_the_same_however_they_are_cut(tmp_path: Path) -> None:
    whole, first, second = (tmp_path / f"{name}.csv" for name in ("whole", "first", "second"))
    orders.write_csv(whole, 0, 100, 100)
    orders.write_csv(first, 0, 60, 100)
    orders.write_csv(second, 60, 100, 100)
    cut = first.read_text().splitlines() + second.read_text().splitlines()[1:]
    assert whole.read_text().splitlines() == cut


def test_the_wide_contract_compiles_to_as_many_columns() -> None:
    plan = compile_contract("shop/wide.odcs.yaml", wide_contract(200)).compiled
    assert isinstance(plan, Plan)
    assert len(plan.columns) == 200
