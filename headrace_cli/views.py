"""Answers as people read them: what is wrong first, then tables."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING

from headrace.domain.batch import Audit, ReasonCount
from headrace.domain.landed import ObjectState
from headrace.ports import LedgerObject
from headrace_cli.quarantine import Quarantine
from headrace_cli.query import Result, Value
from headrace_cli.render import age, console, many, note, plain, size, table
from headrace_cli.scene import Scene
from headrace_cli.status import BatchStatus, DatasetStatus, ObjectStatus, Status
from headrace_cli.watch import closed_batch, what_it_does

if TYPE_CHECKING:
    from rich.table import Table

_OBJECTS_SHOWN = 20
_NUMBERS = ("tinyint", "smallint", "integer", "bigint", "float", "real", "double", "decimal")


def show_status(status: Status) -> None:
    """A deployment at a glance; of one dataset also its batches and objects."""
    say = console().out
    say(status.deployment)
    for one in status.trouble:
        say(f"\n{'STUCK' if one.stuck else 'LOOK '}  {one.subject}: {_indented(one.what)}")
        say(f"       next: {_indented(one.next)}")
    buffer = status.buffer
    say(
        f"\nbuffer: {buffer.waiting} waiting, {buffer.in_flight} in flight, {buffer.dead} dead, "
        f"{buffer.undelivered} undelivered"
    )
    if status.datasets:
        table(
            ("dataset", "contract", "watermark", "waiting", "now", "last batch"),
            map(_dataset_row, status.datasets),
            right=(False, False, True, True, False, False),
        )
    else:
        say("no dataset is registered; `headrace register` registers those of contracts/")
    if status.marts:
        table(
            ("mart", "contract", "refreshes", "holds"),
            (
                (one.mart, one.contract, str(one.batch), _holds(one.holds, one.published))
                for one in status.marts
            ),
            right=(False, False, True, False),
        )
    if status.objects:
        _show_batches(status.datasets[0].batches)
    _show_objects("objects, those to look at first", status.objects)
    _show_objects("unrouted objects: no dataset takes them", status.unrouted)


def _indented(text: str) -> str:
    return "\n       ".join(plain(line) for line in text.splitlines())


def _dataset_row(one: DatasetStatus) -> tuple[str, ...]:
    now = "waits" if one.waiting else "at rest"
    if one.execution:
        now = (
            f"batch {one.watermark + 1} {one.execution.status.lower()}, begun {age(one.execution.since)} ago"
        )
    closed = [batch for batch in one.batches if batch.closed_at]
    last = (
        f"{closed[0].verdict}: {closed[0].curated:,} curated, {closed[0].quarantined:,} quarantined, "
        f"{_ago(closed[0])} ago"
        if closed
        else "none"
    )
    return one.dataset, one.contract, str(one.watermark), f"{one.waiting:,}", now, last


def _ago(batch: BatchStatus) -> str:
    return age(datetime.fromisoformat(batch.closed_at)) if batch.closed_at else ""


def _holds(holds: Mapping[str, int], published: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {holds.get(name, 0)} of {newest}" for name, newest in published.items())


def _show_batches(batches: Sequence[BatchStatus]) -> None:
    table(
        ("batch", "verdict", "objects", "rows", "curated", "quarantined", "reasons", "closed"),
        (
            (
                str(one.batch),
                one.verdict,
                *(f"{count:,}" for count in (one.objects, one.rows, one.curated, one.quarantined)),
                ", ".join(map(_counted, one.reasons)) or "; ".join(one.failed),
                f"{_ago(one)} ago" if one.closed_at else "",
            )
            for one in batches
        ),
        right=(True, False, True, True, True, True, False, False),
        title="recent batches",
    )


def _counted(reason: ReasonCount) -> str:
    return f"{reason.column} {reason.rule} ({reason.rows:,})".lstrip()


_URGENCY = {ObjectState.QUARANTINED: 0, ObjectState.REJECTED: 1, ObjectState.LOADED_WITH_REJECTS: 2}


def _show_objects(title: str, objects: Sequence[ObjectStatus]) -> None:
    if not objects:
        return
    ranked = sorted(objects, key=lambda one: _URGENCY.get(ObjectState(one.state), 3))
    table(
        ("state", "batch", "rows", "object", "reason"),
        (
            (one.state, str(one.batch), f"{one.rows:,}", one.object, one.reason)
            for one in ranked[:_OBJECTS_SHOWN]
        ),
        right=(False, True, True, False, False),
        title=title,
    )
    if len(ranked) > _OBJECTS_SHOWN:
        note(f"{len(ranked) - _OBJECTS_SHOWN} more; --json lists them all")


def show_ends(ends: Sequence[LedgerObject]) -> None:
    """What became of object versions that were put."""
    table(
        ("object", "state", "batch", "rows", "curated", "quarantined", "reason"),
        (
            (
                one.object.key,
                one.state,
                str(one.batch),
                *(f"{count:,}" for count in (one.rows, one.curated, one.quarantined)),
                one.reason,
            )
            for one in ends
        ),
        right=(False, False, True, True, True, True, False),
    )


def show_result(result: Result) -> None:
    """A query's rows; NULL is told from an empty text."""
    if result.columns:
        table(
            [column.name for column in result.columns],
            ([_cell(value) for value in row.values()] for row in result.rows),
            right=[column.type.startswith(_NUMBERS) for column in result.columns],
        )
    scanned = f"{size(result.scanned_bytes)} scanned"
    note(f"{many(len(result.rows), 'row')}, {scanned} (query {result.query_execution_id})")


def _cell(value: Value) -> str:
    if value is None:
        return "NULL"
    return str(value).lower() if isinstance(value, bool) else str(value)


def show_quarantine(found: Quarantine) -> None:
    """Rows under their object, with their reasons one a line; what they held is cut to the terminal."""
    say = console().out
    width = max(40, shutil.get_terminal_size().columns) - 8
    for identity, rows in groupby(found.rows, key=lambda row: row.object):
        say(plain(identity))
        for row in rows:
            where = f"row {row.row}" if row.row else "the whole object"
            say(f"  {where} (batch {row.batch}, contract {plain(row.contract)})")
            for reason in row.reasons:
                said = f"{reason.column} {reason.rule}".lstrip()
                say(f"      {plain(f'{said}: {reason.value_excerpt}' if reason.value_excerpt else said)}")
            if raw := plain(row.raw):
                say(f"      | {raw if len(raw) <= width else raw[: width - 1] + '…'}")
    more = f"; there are more: --limit {2 * len(found.rows)}" if found.more else ""
    note(f"{many(len(found.rows), 'row')} of {found.dataset}{more}")


@contextmanager
def watching() -> Iterator[Callable[[Scene, Iterable[Audit]], None]]:
    """A line for every batch that closes; on a terminal also a live table of what moves."""
    screen = console()

    def closes(_: Scene, closed: Iterable[Audit]) -> None:
        for audit in closed:
            screen.print(closed_batch(audit), markup=False)

    if not screen.is_terminal:
        yield closes
        return
    from rich.live import Live

    with Live(console=screen, auto_refresh=False, transient=True) as live:

        def show(scene: Scene, closed: Iterable[Audit]) -> None:
            closes(scene, closed)
            live.update(_moving(scene), refresh=True)

        yield show


def _moving(scene: Scene) -> "Table":
    from rich import box
    from rich.table import Table

    buffer = scene.buffer
    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("", "waiting", "now"):
        grid.add_column(name, justify="right" if name == "waiting" else "left")
    grid.add_row("buffer", f"{buffer.waiting + buffer.in_flight:,}", "")
    for lane in scene.lanes:
        grid.add_row(str(lane.state.dataset), f"{lane.waiting:,}", what_it_does(lane))
    grid.add_row(
        "marts", "", f"{many(scene.refreshing, 'refresh')} running" if scene.refreshing else "at rest"
    )
    return grid
