"""`headrace rebuild …`: its options, and what they ask for."""

from typing import Annotated

import typer

from headrace.domain.dataset import DatasetId
from headrace_cli.deployment import resolve
from headrace_cli.failures import ExitCode, Failure
from headrace_cli.render import document

Dataset = Annotated[str, typer.Argument(help="As domain/name, like aviation/runways.", metavar="DATASET")]
Plan = Annotated[bool, typer.Option("--plan", help="Only say what would be done; change nothing.")]
Keep = Annotated[bool, typer.Option("--keep", help="Compare, but swap nothing; the rebuilt tables stay.")]
Accept = Annotated[bool, typer.Option("--accept", help="Swap although rows differ.")]
Drop = Annotated[bool, typer.Option("--drop", help="Give up a rebuild that was begun.")]
Timeout = Annotated[float, typer.Option(help="Seconds to wait at most.", metavar="S", min=0)]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout instead of tables.")]


def rebuild(
    ctx: typer.Context,
    dataset: Dataset,
    *,
    plan: Plan = False,
    keep: Keep = False,
    accept: Accept = False,
    drop: Drop = False,
    timeout: Timeout = 86_400,
    as_json: Json = False,
) -> None:
    """Make a dataset's tables anew from landing, compare every row, then swap them in."""
    from headrace_cli.rebuild import rebuilding, views

    if sum((plan, keep, accept, drop)) > 1:
        raise Failure(ExitCode.USAGE, "--plan, --keep, --accept and --drop exclude each other: give one")
    deployment, name = resolve(ctx.obj), DatasetId.parse(dataset)
    if plan:
        planned = rebuilding.plan(deployment, name)
        document(planned) if as_json else views.show_plan(planned)
        return
    if drop:
        dropped = rebuilding.drop(deployment, name)
        document(dropped) if as_json else views.show_drop(dropped)
        return
    found = rebuilding.rebuild(deployment, name, keep=keep, accept=accept, timeout=timeout)
    document(found) if as_json else views.show_rebuild(found)
    raise typer.Exit(ExitCode.FINE if found.published or (keep and found.same) else ExitCode.TROUBLE)
