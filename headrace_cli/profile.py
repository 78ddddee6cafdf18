"""Shows what a batch published: its columns, what changed in them, and which look personal."""

from collections.abc import Iterator
from itertools import islice

import msgspec
from msgspec.structs import replace

from headrace.domain import keys
from headrace.domain.batch_profile import BatchProfile
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import MissingArtefact
from headrace.domain.profile import STEPS, ColumnProfile, Scale, moment
from headrace_cli.deployment import Deployment
from headrace_cli.failures import ExitCode, Failure
from headrace_cli.history import audits
from headrace_cli.render import console, many, plain, table

_SEARCHED = 20
_SHOWN = 24
_PERCENT = (5, 25, 50, 75, 95)


def profile_of(
    deployment: Deployment, dataset: DatasetId, batch: int | None = None, column: str | None = None
) -> BatchProfile:
    """The profile of a batch, or of the newest that published rows; of one column where it is named.

    Raises Failure where there is none, or no such column.
    """
    state = deployment.registered(dataset)
    if batch is None:
        newest = islice(audits(deployment, dataset, state.next_batch), _SEARCHED)
        batch = next((audit.batch for audit in newest if audit.profile), 0)
    try:
        record = deployment.artefacts.read(keys.profile_key(dataset, batch))
    except MissingArtefact:
        none = f"batch {batch} published no row, or is not closed" if batch else "no row was published lately"
        raise Failure(
            ExitCode.USAGE, f"{dataset}: {none}; `headrace status {dataset}` shows its batches"
        ) from None
    profile = msgspec.json.decode(record, type=BatchProfile)
    return _narrowed(profile, column) if column else profile


def _narrowed(profile: BatchProfile, column: str) -> BatchProfile:
    columns = tuple(one for one in profile.columns if one.column == column)
    if not columns:
        names = ", ".join(one.column for one in profile.columns)
        raise Failure(ExitCode.USAGE, f"{profile.dataset} has no column {column}; it has {names}")
    return replace(
        profile,
        columns=columns,
        drift=tuple(one for one in profile.drift if one.column == column),
        suspicions={
            path: one
            for path, one in profile.suspicions.items()
            if path == column or path.startswith(f"{column}.")
        },
    )


def show_profile(profile: BatchProfile, *, closely: bool = False) -> None:
    """As tables: one of all columns, or what is known of each."""
    say = console().out
    say(f"{profile.dataset} batch {profile.batch}: {many(profile.rows, 'row')} published, {profile.contract}")
    if closely:
        for one in profile.columns:
            table((one.column, ""), _closely(one))
    else:
        titles = ("column", "no value", "different", "least", "mean", "most", "length", "most frequent")
        right = (False, True, True, True, True, True, True, False)
        table(titles, map(_row, profile.columns), right=right)
    if profile.drift:
        say(f"\nchanged against {_batches(profile.compared)}:")
        for drift in profile.drift:
            say(f"  {plain(drift.column) or 'batch'}: {plain(drift.says)}")
    elif profile.compared:
        say(f"\nnothing changed against {_batches(profile.compared)}")
    if profile.suspicions:
        say("\nlooks personal, and the contract says nothing of it:")
        for path, suspicion in profile.suspicions.items():
            say(f"  {plain(path)}: {plain(suspicion.why)}")


def _batches(numbers: tuple[int, ...]) -> str:
    return f"batch {numbers[0]}" if len(numbers) == 1 else f"batches {numbers[0]} to {numbers[-1]}"


def _row(one: ColumnProfile) -> tuple[str, ...]:
    nulls = f"{one.nulls / one.rows:.1%}" if one.nulls else ""
    lengths = "" if one.longest is None else f"{one.shortest} to {one.longest}"
    return (
        one.column,
        nulls,
        _different(one),
        _cut(one.least),
        _number(one.mean, one.scale),
        _cut(one.most),
        lengths,
        "withheld" if one.withheld and one.values else _frequent(one),
    )


def _different(one: ColumnProfile) -> str:
    return "" if one.distinct is None else f"{one.distinct:,}"


def _number(value: float | None, scale: Scale | None) -> str:
    return "" if value is None or scale is None else moment(value, scale)


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _frequent(one: ColumnProfile) -> str:
    return ", ".join(f"{_cut(value)} {share:.0%}" for value, share in one.top[:3])


def _closely(one: ColumnProfile) -> Iterator[tuple[str, str]]:
    yield "rows", f"{one.rows:,}"
    yield "no value", f"{one.nulls:,} ({one.nulls / one.rows:.1%})"
    if one.distinct is not None:
        yield "different", _different(one)
    if one.scale:
        yield "least", one.least
        yield "most", one.most
        yield "mean", _number(one.mean, one.scale)
        yield "deviation", f"{one.deviation:.6g}" + ("" if one.scale == "number" else " s")
        for percent in _PERCENT:
            yield f"{percent} %", moment(one.quantiles[round(percent / 100 * STEPS)], one.scale)
    if one.mean_length is not None:
        yield "length", f"{one.shortest} to {one.longest}, mean {one.mean_length:.1f}"
    for value, share in one.top:
        yield f"{share:.1%}", value
    if one.withheld:
        yield "values", "withheld"
