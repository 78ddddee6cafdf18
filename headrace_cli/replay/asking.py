"""Turns the options of `headrace replay` into the request of PlanReplay."""

import re
import secrets
from datetime import UTC, date, datetime

from msgspec import Struct

from headrace.domain.dataset import DatasetId
from headrace.steps.plan_replay import PlanReplay
from headrace.steps.quarantined import Quarantined
from headrace_cli.failures import ExitCode, Failure
from headrace_cli.put import full_key


class Asked(Struct, frozen=True):
    """The options as they were given."""

    objects: tuple[str, ...] = ()
    batch: int | None = None
    batches: str | None = None
    day: str | None = None
    whole: bool = False
    quarantined: bool = False
    rule: str | None = None
    column: str | None = None
    contract: str | None = None
    plan: bool = False


def request(dataset: DatasetId, asked: Asked) -> PlanReplay:
    """The request, under a new id. Raises Failure where the options cannot be meant together."""
    _check(asked)
    narrow = asked.quarantined
    return PlanReplay(
        dataset=str(dataset),
        id=f"{datetime.now(UTC):%Y%m%dt%H%M%S}-{secrets.token_hex(4)}",
        objects=() if narrow else tuple(full_key(dataset, one) for one in asked.objects),
        batches=None if narrow else _batches(asked),
        day=asked.day or "",
        quarantined=_quarantined(dataset, asked) if narrow else None,
        all=asked.whole,
        contract=asked.contract or "",
        submit=not asked.plan,
    )


def _check(asked: Asked) -> None:
    given = {
        "--object": asked.objects,
        "--batch": asked.batch,
        "--batches": asked.batches,
        "--day": asked.day,
        "--all": asked.whole,
        "--quarantined": asked.quarantined,
    }
    chosen = [name for name, value in given.items() if value]
    if (asked.rule or asked.column) and not asked.quarantined:
        raise _unclear("--rule and --column choose rows in quarantine: give --quarantined, too")
    if not chosen:
        raise _unclear(f"say what to replay: {', '.join(given)}")
    if asked.quarantined:
        if others := [name for name in chosen if name not in ("--quarantined", "--batch", "--object")]:
            raise _unclear(f"--quarantined takes --batch or --object beside it, not {others[0]}")
        if len(asked.objects) > 1:
            raise _unclear("--quarantined takes one --object; replay the others after it")
    elif len(chosen) > 1:
        raise _unclear(f"{' and '.join(chosen)} do not go together; choose one")
    if asked.day:
        _check_day(asked.day)


def _check_day(day: str) -> None:
    try:
        date.fromisoformat(day)
    except ValueError:
        raise _unclear(f"--day is a day like 2026-11-21, not {day!r}") from None


def _batches(asked: Asked) -> tuple[int, int] | None:
    if asked.batch:
        return asked.batch, asked.batch
    if asked.batches is None:
        return None
    span = re.fullmatch(r"([1-9]\d{0,8}):([1-9]\d{0,8})", asked.batches)
    if span is None or int(span[1]) > int(span[2]):
        raise _unclear(f"--batches is the first and the last, like 3:7, not {asked.batches!r}")
    return int(span[1]), int(span[2])


def _quarantined(dataset: DatasetId, asked: Asked) -> Quarantined:
    return Quarantined(
        rule=asked.rule or "",
        column=asked.column or "",
        batch=asked.batch or 0,
        object=full_key(dataset, asked.objects[0]) if asked.objects else "",
    )


def _unclear(what: str) -> Failure:
    return Failure(ExitCode.USAGE, f"{what}. Nothing was replayed.")
