"""`headrace replay …`: its options, and what they ask for."""

from typing import Annotated

import typer

from headrace.domain.dataset import DatasetId
from headrace_cli.deployment import resolve
from headrace_cli.failures import ExitCode
from headrace_cli.render import document

Dataset = Annotated[str, typer.Argument(help="As domain/name, like aviation/runways.", metavar="DATASET")]
Objects = Annotated[
    list[str],
    typer.Option("--object", help="An object: its key, or its whole identity. Repeat it.", metavar="KEY"),
]
Batch = Annotated[int | None, typer.Option(help="The objects of one batch.", metavar="N", min=1)]
Batches = Annotated[
    str | None, typer.Option(help="The objects of several batches, both ends included.", metavar="A:B")
]
Day = Annotated[str | None, typer.Option(help="What was closed on this day, in UTC.", metavar="YYYY-MM-DD")]
Whole = Annotated[bool, typer.Option("--all", help="The whole dataset.")]
Quarantined = Annotated[
    bool,
    typer.Option("--quarantined", help="Only rows in quarantine; --batch and --object narrow them."),
]
Rule = Annotated[str | None, typer.Option(help="Of these, rows that broke this rule.", metavar="NAME")]
Column = Annotated[str | None, typer.Option(help="Of these, rows with a reason here.", metavar="NAME")]
Contract = Annotated[
    str | None, typer.Option(help="Under this version instead of the one in force.", metavar="VERSION")
]
Plan = Annotated[bool, typer.Option("--plan", help="Only say what would change; change nothing.")]
Timeout = Annotated[float, typer.Option(help="Seconds to wait at most.", metavar="S", min=0)]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout instead of tables.")]


def replay(
    ctx: typer.Context,
    dataset: Dataset,
    *,
    objects: Objects = [],  # noqa: B006 - typer copies it
    batch: Batch = None,
    batches: Batches = None,
    day: Day = None,
    whole: Whole = False,
    quarantined: Quarantined = False,
    rule: Rule = None,
    column: Column = None,
    contract: Contract = None,
    plan: Plan = False,
    timeout: Timeout = 3600,
    as_json: Json = False,
) -> None:
    """Refine again what has landed before; its rows take their own place in the tables."""
    from headrace_cli.replay.asking import Asked, request
    from headrace_cli.replay.replaying import run
    from headrace_cli.replay.views import show_replay

    asked = Asked(
        objects=tuple(objects),
        batch=batch,
        batches=batches,
        day=day,
        whole=whole,
        quarantined=quarantined,
        rule=rule,
        column=column,
        contract=contract,
        plan=plan,
    )
    wanted = request(DatasetId.parse(dataset), asked)
    found = run(resolve(ctx.obj), wanted, timeout=timeout)
    if as_json:
        document(found)
    else:
        show_replay(found)
    raise typer.Exit(ExitCode.TROUBLE if found.refused else ExitCode.FINE)
