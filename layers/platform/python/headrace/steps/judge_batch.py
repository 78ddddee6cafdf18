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
from headrace.domain.landed import Rows
from headrace.domain.late import Late, LateUnit, comparable_keys
from headrace.domain.machine import Machine
from headrace.domain.plan import Key, Plan
from headrace.domain.verdict import judge, repeats
from headrace.domain.zones import Zones
from headrace.engines.duckdb.batch.batch_measures import columns_needed, measure, over_rows
from headrace.engines.duckdb.batch.batch_repeats import Bounds, find_repeats, write_repeats
from headrace.engines.duckdb.batch.batch_rows import BatchRows
from headrace.engines.duckdb.session import Session
from headrace.engines.sought import Sought
from headrace.ports import ObjectStore, TableCatalog
from headrace.steps import records
from headrace.steps.plan_batch import UnitOfWork
from headrace.steps.replayed import PLACE, leaving, without
from headrace.steps.tables import rows_as_known
from headrace.steps.widen import widen


class JudgeBatch(Struct, frozen=True):
    """`manifest` is the manifest's key. `again`: units have been refined again with late knowledge."""

    manifest: str
    again: bool = False


class BatchJudged(Struct, frozen=True):
    """The units to refine again before the batch can be judged; where there are none, the verdict in one
    word. Its evidence is in the verdict record. `rejected` are the units whose rows all go to quarantine:
    those of a rejected batch, none of a replay."""

    publish: bool
    again: tuple[int, ...] = ()
    rejected: tuple[UnitOfWork, ...] = ()


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
        return _judged(request, manifest, standing)
    late = records.find(artefacts, keys.late_key(dataset, number), Late)
    if late and not request.again:
        return BatchJudged(publish=False, again=late.again)
    known = late or Late(())
    plan = records.read_plan(artefacts, known.contract or manifest.contract)
    zones = zones.with_stand_in(plan.dataset, dataset)
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
            verdict = batch.verdict(reports)
    verdict = replace(verdict, again=known.again, contract=known.contract)
    verdict = records.create(artefacts, keys.verdict_key(dataset, number), verdict)
    return _judged(request, manifest, verdict)


def _judged(request: JudgeBatch, manifest: Manifest, verdict: Verdict) -> BatchJudged:
    if verdict.publish or manifest.replay:
        return BatchJudged(verdict.publish)
    units = (UnitOfWork(request.manifest, unit.index) for unit in manifest.units)
    return BatchJudged(publish=False, rejected=tuple(units))


def _keys_to_compare(plan: Plan, manifest: Manifest) -> tuple[Key, ...]:
    """The keys that refining alone has not judged: of a replay all, for rows that are not replayed count."""
    if manifest.replay is None and plan.keys_within == "batch" and len(manifest.units) == 1:
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
        self._judges = manifest.replay is None or manifest.replay.judged
        self._within = ("_batch",) if manifest.replay and plan.keys_within == "batch" else ()
        self._gone: Rows = {}

    def load(self, reports: Sequence[UnitReport], compared: Sequence[Key]) -> None:
        """Take in the columns that `compared` and the dataset rules look at, of the rows to be published;
        nothing where nobody looks. One file at a time is on disk, besides what is spilled."""
        self._gone = leaving(self._artefacts, self._manifest, reports)
        if not compared and not (self._judges and over_rows(self._plan)):
            return
        objects = {entry.object.identity: at for at, entry in enumerate(self._manifest.entries)}
        columns = columns_needed(self._plan, compared) | {*self._within}
        rows = BatchRows(self._session, self._plan, objects, columns)
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

    def verdict(self, reports: Sequence[UnitReport]) -> Verdict:
        """By the dataset rules. What was published under this contract before is not judged again."""
        if not self._judges:
            return Verdict(publish=True, rules=())
        measured = measure(self._session, self._plan, self._other)
        return judge(self._plan.rules, reports, {**measured, **repeats(self._plan, reports)})

    def _widened(self, reports: Sequence[UnitReport]) -> str:
        """The key of the contract that the batch widens, empty where it widens none. A batch that what is
        known already rejects must not leave its columns in the table."""
        unknown = [field for report in reports for field in report.unknown]
        if not unknown or (self._judges and not judge(self._plan.rules, reports).publish):
            return ""
        key = widen(self._plan, unknown, artefacts=self._artefacts, catalog=self._catalog, zones=self._zones)
        return key if key != self._manifest.contract else ""

    def _repeats(self, compared: Sequence[Key]) -> tuple[LateUnit, ...]:
        """The units that have rows whose key stands elsewhere; these rows are written for refine to read."""
        in_table = self._plan.keys_within == "table" or self._within
        standing = self._standing if in_table and self._manifest.batch > 1 else None
        concerned = set(find_repeats(self._session, compared, standing, self._within))
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
        """Rows of earlier batches that a replay does not replace: the same in every attempt, whether or not
        this batch is committed."""
        rows = rows_as_known(
            self._plan,
            [*columns, *self._place],
            self._catalog,
            self._zones,
            below_batch=self._below(),
            between=bounds,
        )
        return self._staying(rows)

    def _below(self) -> int:
        """The batch below which keys are compared with the table. Rows of several keys that are replayed as
        they were meet those that they met first; later ones may have a key of a row that went to quarantine
        for another."""
        replay, plan = self._manifest.replay, self._plan
        if replay is None or replay.judged or len(plan.keys) < 2 or not self._manifest.entries:
            return self._manifest.batch
        dataset, first = self._manifest.dataset, self._manifest.entries[0].batch
        since = records.replays(self._artefacts, dataset, self._manifest.last_replay, first)
        if any(one.replay and one.replay.judged for one in since):
            return self._manifest.batch  # the table may hold what it did not hold then
        return first + 1

    def _other(self, dataset: DatasetId, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        table = self._zones.curated(dataset)
        if dataset != self._plan.dataset:
            return self._catalog.read(table, columns)
        asked = [*columns, *self._place]
        return self._staying(self._catalog.read(table, asked, below_batch=self._manifest.batch))

    @property
    def _place(self) -> tuple[str, ...]:
        return PLACE if self._gone else ()

    def _staying(self, rows: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        if not self._gone:
            return rows
        sought = Sought(self._gone)
        return (without(batch, sought) for batch in rows)
