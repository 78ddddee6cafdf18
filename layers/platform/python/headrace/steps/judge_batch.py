"""Decides on a batch, before anybody can read it: publish, reject, or first refine some units again.

Only here the batch is seen as a whole: rows whose key stands in an earlier row or in the table, and the
fields by which the contract evolves. The units concerned are refined again in the light of it, and the
batch is judged anew. Late knowledge and verdict are written once: what the first attempt found stands.
"""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
from msgspec import Struct
from msgspec.structs import replace

from headrace.domain import keys
from headrace.domain.batch import Manifest, UnitReport, Verdict
from headrace.domain.dataset import DatasetId
from headrace.domain.late import Late, LateUnit, comparable_keys
from headrace.domain.machine import Machine
from headrace.domain.plan import Key, Plan
from headrace.domain.verdict import Measurement, judge
from headrace.domain.zones import Zones
from headrace.engines.duckdb.batch.batch_measures import columns_needed, measure, over_rows
from headrace.engines.duckdb.batch.batch_repeats import Bounds, find_repeats, write_repeats
from headrace.engines.duckdb.batch.batch_rows import BatchRows
from headrace.engines.duckdb.session import Session
from headrace.ports import ObjectStore, TableCatalog
from headrace.steps import records
from headrace.steps.tables import rows_as_known
from headrace.steps.widen import widen


class JudgeBatch(Struct, frozen=True):
    """`manifest` is the manifest's key. `again`: units have been refined again with late knowledge."""

    manifest: str
    again: bool = False


class BatchJudged(Struct, frozen=True):
    """The units to refine again before the batch can be judged; where there are none, the verdict in one
    word. Its evidence is in the verdict record."""

    publish: bool
    again: tuple[int, ...] = ()


def judge_batch(
    request: JudgeBatch,
    *,
    artefacts: ObjectStore,
    lake: ObjectStore,
    catalog: TableCatalog,
    zones: Zones,
    machine: Machine,
) -> BatchJudged:
    manifest = records.read(artefacts, request.manifest, Manifest)
    dataset, number = manifest.dataset, manifest.batch
    if standing := records.find(artefacts, keys.verdict_key(dataset, number), Verdict):
        return BatchJudged(standing.publish)
    late = records.find(artefacts, keys.late_key(dataset, number), Late)
    if late and not request.again:
        return BatchJudged(publish=False, again=late.again)
    known = late or Late(())
    plan = records.read_plan(artefacts, known.contract or manifest.contract)
    reports = records.read_reports(artefacts, manifest, known.variant)
    compared = () if late else _keys_to_compare(plan, manifest)
    with TemporaryDirectory(prefix="headrace-") as directory:
        work = Path(directory)
        with Session(work, [], machine.memory_mb) as session:
            batch = _Batch(manifest, plan, session, work, artefacts, lake, catalog, zones)
            batch.load(reports, compared)
            if late is None and (found := batch.late(reports, compared)).units:
                found = records.create(artefacts, keys.late_key(dataset, number), found)
                return BatchJudged(publish=False, again=found.again)
            measured = batch.measured()
    verdict = replace(judge(plan.rules, reports, measured), again=known.again, contract=known.contract)
    verdict = records.create(artefacts, keys.verdict_key(dataset, number), verdict)
    return BatchJudged(verdict.publish)


def _keys_to_compare(plan: Plan, manifest: Manifest) -> tuple[Key, ...]:
    """The keys that refining alone has not judged."""
    if plan.keys_within == "batch" and len(manifest.units) == 1:
        return ()
    return comparable_keys(plan)


class _Batch:
    """A batch that is judged over its rows."""

    def __init__(
        self,
        manifest: Manifest,
        plan: Plan,
        session: Session,
        work: Path,
        artefacts: ObjectStore,
        lake: ObjectStore,
        catalog: TableCatalog,
        zones: Zones,
    ) -> None:
        self._manifest, self._plan, self._session, self._work = manifest, plan, session, work
        self._artefacts, self._lake, self._catalog, self._zones = artefacts, lake, catalog, zones

    def load(self, reports: Sequence[UnitReport], compared: Sequence[Key]) -> None:
        """Take in the columns that `compared` and the dataset rules look at, of the rows to be published;
        nothing where nobody looks. One file at a time is on disk, besides what is spilled."""
        if not compared and not over_rows(self._plan):
            return
        objects = {entry.object.identity: at for at, entry in enumerate(self._manifest.entries)}
        rows = BatchRows(self._session, self._plan, objects, columns_needed(self._plan, compared))
        for report in reports:
            for at, file in enumerate(report.curated):
                here = self._work / f"{report.unit:05d}-{at:05d}.parquet"
                with self._lake.open(file.key) as stream, here.open("wb") as copy:
                    shutil.copyfileobj(stream, copy)
                rows.add(here, file.rows)
                here.unlink()

    def late(self, reports: Sequence[UnitReport], compared: Sequence[Key]) -> Late:
        """What the batch as a whole shows; it names no unit where that is nothing."""
        contract = self._widened(reports)
        units = {report.unit: LateUnit(report.unit) for report in reports if contract and report.unknown}
        units |= {one.unit: one for one in (self._repeats(compared) if compared else ())}
        return Late(tuple(units[number] for number in sorted(units)), contract)

    def measured(self) -> dict[int, Measurement]:
        """What the dataset rules measure over the rows themselves."""
        return measure(self._session, self._plan, self._other)

    def _widened(self, reports: Sequence[UnitReport]) -> str:
        """The key of the contract that the batch widens, empty where it widens none. A batch that what is
        known already rejects must not leave its columns in the table."""
        unknown = [field for report in reports for field in report.unknown]
        if not unknown or not judge(self._plan.rules, reports).publish:
            return ""
        key = widen(self._plan, unknown, artefacts=self._artefacts, catalog=self._catalog, zones=self._zones)
        return key if key != self._manifest.contract else ""

    def _repeats(self, compared: Sequence[Key]) -> tuple[LateUnit, ...]:
        """The units that have rows whose key stands elsewhere; these rows are written for refine to read."""
        in_table = self._plan.keys_within == "table" and self._manifest.batch > 1
        concerned = set(find_repeats(self._session, compared, self._standing if in_table else None))
        found = []
        for unit in self._manifest.units:
            sources = {at: source for source, at in enumerate(unit.entries) if at in concerned}
            if sources:
                file = self._work / f"{unit.index:05d}-repeats.parquet"
                rows = write_repeats(self._session, sources, file)
                key = keys.repeats_key(self._manifest.dataset, self._manifest.batch, unit.index)
                self._artefacts.write(key, file)
                found.append(LateUnit(unit.index, key, rows))
        return tuple(found)

    def _standing(self, columns: Sequence[str], bounds: Bounds) -> Iterator[pa.RecordBatch]:
        """Rows of earlier batches: the same in every attempt, whether or not this batch is committed."""
        batch = self._manifest.batch
        return rows_as_known(
            self._plan, columns, self._catalog, self._zones, below_batch=batch, between=bounds
        )

    def _other(self, dataset: DatasetId, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        below = self._manifest.batch if dataset == self._manifest.dataset else None
        return self._catalog.read(self._zones.curated(dataset), columns, below_batch=below)
