"""Shows everything on real files, on a laptop of its own that begins empty."""

import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path

from msgspec.structs import replace

from headrace.domain.batch import Audit
from headrace.domain.dataset import DatasetId
from headrace.domain.landed import LandedObject
from headrace.domain.zones import TableRef
from headrace_cli import history, laptop, put
from headrace_cli.deployment import Deployment, Target, resolve
from headrace_cli.failures import ExitCode, Failure
from headrace_cli.quarantine import quarantine
from headrace_cli.query import Result, run_query
from headrace_cli.render import many
from headrace_cli.scene import Scene
from headrace_cli.status import status_of
from headrace_cli.views import show_quarantine, show_result
from headrace_cli.watch import closed_batch, follow

EXAMPLES = laptop.PROJECT / "examples"
_PATIENCE_S = 120.0
_MART_SQL = (
    "SELECT country_code, country, runways, longest_ft FROM aviation_runways_by_country "
    "ORDER BY runways DESC, country_code LIMIT 5"
)

Wave = dict[DatasetId, Path]


def run_demo(target: Target, *, keep: bool) -> None:
    """Raises Failure where anything is not as it should be; in any case stops the laptop, unless `keep`."""
    began = time.monotonic()
    ours = replace(target, state=target.state / "demo")
    laptop.laptop_of(ours)
    wrong: list[str] = []
    try:
        _say("A laptop of its own: AWS emulated on 127.0.0.1; nothing leaves this machine.")
        laptop.up(ours, laptop.Up(port=0, fresh=True, contracts=(laptop.PROJECT / "contracts",)))
        wrong = _show(resolve(ours))
    finally:
        if not keep:
            laptop.down(ours, wipe=False)
    if wrong:
        raise Failure(
            ExitCode.TROUBLE,
            "\n".join(["not as it should be:", *wrong, "`headrace demo --keep` lets you look"]),
        )
    _say(f"\nAll as it should be, in {time.monotonic() - began:.0f} s.")
    if keep:
        _say(f"It runs on: headrace --state {ours.state} status")
    else:
        _say("Stopped. Your own: headrace up, then headrace put FILE --dataset domain/name --wait")


def _show(deployment: Deployment) -> list[str]:
    """Move the example files through every stage; returns what is wrong."""
    try:
        return list(_stages(deployment))
    except Failure as failure:
        return [str(failure)]


def _stages(deployment: Deployment) -> Iterator[str]:
    datasets = _ingest(deployment, list(waves(EXAMPLES)))
    _refreshed(deployment)
    _say("\ntable     Every row of every object is in curated or in quarantine, exactly once.")
    for dataset in datasets:
        yield from conserved(deployment, dataset)
    yield from (f"{one.subject}: {one.what}" for one in status_of(deployment).trouble if one.stuck)
    _say("\n          Why rows are in quarantine (headrace quarantine DATASET):\n")
    for dataset in datasets:
        if (found := quarantine(deployment, dataset, 2)).rows:
            show_quarantine(found)
    _say(f"\nquery     Athena reads it all (headrace query --database marts):\n          {_MART_SQL}")
    top = run_query(deployment, _MART_SQL, "marts")
    show_result(top)
    if not top.rows:
        yield "the mart aviation/runways_by_country is empty"
    _say('\npublish   "Dataset Updated" went out after each published batch; marts that read it followed.')
    for mart in history.mart_statuses(deployment):
        holds = ", ".join(f"{name} up to batch {number}" for name, number in mart.holds.items())
        _say(f"          {mart.mart} holds {holds}")


def waves(examples: Path) -> Iterator[Wave]:
    """The n-th file of every dataset, largest first: no two files of a dataset meet in a batch, whose
    rules compare rows, so that the demo's figures are always the same."""
    files = {
        dataset: sorted(folder.iterdir(), key=lambda file: (-file.stat().st_size, file.name))
        for folder in sorted(examples.glob("*/*/"))
        if (dataset := DatasetId.of_key(f"{folder.relative_to(examples)}/"))
    }
    for together in zip_longest(*files.values()):
        yield {dataset: file for dataset, file in zip(files, together, strict=True) if file}


def _ingest(deployment: Deployment, files: Sequence[Wave]) -> list[DatasetId]:
    bucket = deployment.outputs.landing_bucket
    _say(f"\nlanding   Files go to s3://{bucket}/<domain>/<dataset>/ and stay there as they are.")
    _say("buffer    S3 announces each, SQS holds what it said, admit_objects writes it down once.")
    _say("ingest    One execution a dataset takes all that waits: plan, refine, judge, commit, close.\n")
    for wave in files:
        before = {dataset: deployment.registered(dataset).next_batch for dataset in wave}
        landed: dict[DatasetId, list[LandedObject]] = {}
        for dataset, file in wave.items():
            landed[dataset] = put.put(deployment, dataset, {file.name: file})
            _say(f"landing   {dataset}/{file.name}")
        follow(deployment, _show_closed, timeout=_PATIENCE_S, until_idle=True)
        for dataset, objects in landed.items():
            put.wait(deployment, dataset, objects, from_batch=before[dataset], timeout=_PATIENCE_S)
    return sorted({dataset for wave in files for dataset in wave})


def _show_closed(_: Scene, closed: Iterable[Audit]) -> None:
    for audit in closed:
        _say(f"ingest    {closed_batch(audit)}")


def _refreshed(deployment: Deployment) -> None:
    """Wait until the marts hold what was published, or have had time enough to."""
    deadline = time.monotonic() + _PATIENCE_S / 4
    while any(mart.behind for mart in history.mart_statuses(deployment)) and time.monotonic() < deadline:
        time.sleep(0.5)


def conserved(deployment: Deployment, dataset: DatasetId) -> Iterator[str]:
    """Say what went in and what is in the tables; gives what is wrong with the two."""
    rows = sum(one.rows for one in deployment.ledger.objects(str(dataset)))
    curated, curated_once = _count(deployment, deployment.zones.curated(dataset))
    quarantined, quarantined_once = _count(deployment, deployment.zones.quarantine(dataset))
    kept = rows == curated + quarantined and (curated, quarantined) == (curated_once, quarantined_once)
    sum_of_both = f"{curated:,} curated + {quarantined:,} quarantined"
    _say(f"          {dataset}: {many(rows, 'row')} in = {sum_of_both}{'' if kept else '   WRONG'}")
    if not kept:
        yield f"{dataset}: {rows} rows in, {sum_of_both}, of them once: {curated_once} + {quarantined_once}"


def _count(deployment: Deployment, table: TableRef) -> tuple[int, int]:
    """Rows of a table, and how many of them have a place (object and row) of their own."""
    from sqlglot import exp

    place = "count(DISTINCT _object || '#' || CAST(_row AS varchar))"
    sql = exp.select("count(*) AS n", f"{place} AS places").from_(
        exp.table_(table.name, db=table.database, quoted=True)
    )
    return _pair(run_query(deployment, sql.sql(dialect="trino")))


def _pair(result: Result) -> tuple[int, int]:
    row = result.rows[0]
    return int(row["n"] or 0), int(row["places"] or 0)


def _say(text: str) -> None:
    print(text, flush=True)
