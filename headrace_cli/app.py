"""The `headrace` command: which words and options there are, and what each calls."""

import sys
import traceback
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from headrace_cli.contract.app import Contracts, Json, contract
from headrace_cli.deployment import STACK, Deployment, Target, resolve
from headrace_cli.failures import ExitCode, Failure, explain
from headrace_cli.laptop import PORT, PROJECT
from headrace_cli.rebuild.app import rebuild
from headrace_cli.render import document, many, note
from headrace_cli.replay.app import replay


class Commands(TyperGroup):
    """Ends every command that fails with one message and an exit code that means something."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            note("interrupted")
            raise typer.Exit(ExitCode.INTERRUPTED) from None
        except (TyperException, typer.Exit, typer.Abort, BrokenPipeError):
            raise  # typer ends these itself: usage errors, exits, a reader that went away
        except Exception as error:
            if ctx.params.get("debug"):
                traceback.print_exc()
            on_laptop = isinstance(ctx.obj, Target) and not ctx.obj.on_aws
            failure = explain(error, on_laptop=on_laptop)
            note(str(failure))
            raise typer.Exit(failure.code) from error


app = typer.Typer(
    cls=Commands,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

STATE = PROJECT / ".headrace"

Dataset = Annotated[str, typer.Argument(help="As domain/name, like aviation/runways.", metavar="DATASET")]
Timeout = Annotated[float, typer.Option(help="Seconds to wait at most.", metavar="S", min=0)]


@app.callback()
def headrace(
    ctx: typer.Context,
    profile: Annotated[
        str | None, typer.Option(help="AWS profile; the deployment is then on AWS.", metavar="NAME")
    ] = None,
    stack: Annotated[
        str | None, typer.Option(help=f"Stack on AWS; {STACK} if only a profile is given.", metavar="NAME")
    ] = None,
    region: Annotated[
        str | None, typer.Option(help="AWS region, if the profile's is not the one.", metavar="NAME")
    ] = None,
    state: Annotated[
        Path,
        typer.Option(
            help="Where the laptop keeps its state.", metavar="DIR", show_default=".headrace in the project"
        ),
    ] = STATE,
    debug: Annotated[  # noqa: ARG001 - for Commands
        bool, typer.Option("--debug", envvar="HEADRACE_DEBUG", help="Show tracebacks.")
    ] = False,
) -> None:
    """Turn whatever lands in a bucket into trusted tables.

    Commands work on the laptop, unless --profile or --stack names a deployment on AWS.
    """
    if region and not (profile or stack):
        raise Failure(ExitCode.USAGE, "--region goes with --profile or --stack")
    ctx.obj = Target(state.absolute(), profile, stack, region)


def _deployment(ctx: typer.Context) -> Deployment:
    return resolve(ctx.obj)


# ── the laptop ───────────────────────────────────────────────────────────────────────────────────


@app.command()
def up(
    ctx: typer.Context,
    port: Annotated[
        int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.", metavar="N", min=0, max=65535)
    ] = PORT,
    fresh: Annotated[bool, typer.Option("--fresh", help="Delete what the laptop holds first.")] = False,
    no_register: Annotated[bool, typer.Option("--no-register", help="Leave contracts/ alone.")] = False,
) -> None:
    """Start the laptop, deploy template.yaml to it and register all contracts."""
    from headrace_cli import laptop

    request = laptop.Up(port, fresh, () if no_register else (PROJECT / "contracts",))
    print(laptop.up(ctx.obj, request))
    headrace = "headrace" if ctx.obj.state == STATE else f"headrace --state {ctx.obj.state}"
    note(f'any AWS client works with it: eval "$({headrace} env)"')
    note(f"next: {headrace} put FILE --dataset domain/name --wait")


@app.command()
def env(ctx: typer.Context) -> None:
    """Print shell lines that point any AWS client at the laptop: eval "$(headrace env)"."""
    from headrace_cli import laptop

    print(laptop.environment(ctx.obj))


@app.command()
def down(
    ctx: typer.Context,
    wipe: Annotated[bool, typer.Option("--wipe", help="Also delete all that the laptop holds.")] = False,
) -> None:
    """Stop the laptop; what it holds stays for the next `up`."""
    from headrace_cli import laptop

    ran = laptop.down(ctx.obj, wipe=wipe)
    note(
        ("laptop stopped" if ran else "the laptop was not running") + (", its state deleted" if wipe else "")
    )


@app.command()
def demo(
    ctx: typer.Context,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the demo's laptop running.")] = False,
) -> None:
    """Show every stage on real files, on a laptop of its own, and check what comes out."""
    from headrace_cli.demo import run_demo

    run_demo(ctx.obj, keep=keep)


# ── contracts ────────────────────────────────────────────────────────────────────────────────────


app.add_typer(contract, name="contract")


@app.command("register")
def register_contracts(ctx: typer.Context, paths: Contracts = [Path("contracts")]) -> None:  # noqa: B006 - typer copies it
    """Check contracts, then put them in force: all, or none."""
    from headrace_cli import register
    from headrace_cli.contract.check import check

    checked = check(paths)
    for one in register.register(_deployment(ctx), checked).registered:
        print(f"{one.dataset} {one.contract}")
        for remark in one.notes:
            note(remark)


# ── data ─────────────────────────────────────────────────────────────────────────────────────────


@app.command()
def put(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Files to upload.", metavar="FILE")],
    dataset: Annotated[str, typer.Option(help="Where they belong, as domain/name.", metavar="DATASET")],
    name: Annotated[
        str | None, typer.Option("--as", help="Another name for the one file.", metavar="NAME")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for what becomes of them.")] = False,
    timeout: Timeout = 600,
) -> None:
    """Upload files to landing, under the dataset's prefix."""
    from headrace.domain.dataset import DatasetId
    from headrace_cli import put as putting

    target = DatasetId.parse(dataset)
    named = putting.landing_names(files, name)
    deployment = _deployment(ctx)
    before = deployment.registered(target)
    landed = putting.put(deployment, target, named)
    for one in landed:
        print(f"s3://{one.bucket}/{one.key}")
    if wait:
        from headrace_cli.views import show_ends

        note(f"waiting for {many(len(landed), 'object')} to come to their end")
        ends = putting.wait(deployment, target, landed, from_batch=before.next_batch, timeout=timeout)
        show_ends(ends)


@app.command()
def query(
    ctx: typer.Context,
    sql: Annotated[
        str, typer.Argument(help="One statement in Athena's SQL; - reads it from stdin.", metavar="SQL")
    ],
    database: Annotated[
        str, typer.Option(help="curated, quarantine, marts, or any database of the catalog.", metavar="NAME")
    ] = "curated",
    as_json: Json = False,
) -> None:
    """Run SQL in Athena and show all its rows."""
    from headrace_cli.query import run_query

    result = run_query(_deployment(ctx), sys.stdin.read() if sql == "-" else sql, database)
    if as_json:
        document(result)
        return
    from headrace_cli.views import show_result

    show_result(result)


@app.command()
def quarantine(
    ctx: typer.Context,
    dataset: Dataset,
    limit: Annotated[
        int, typer.Option(help="Rows at most, up to 10,000.", metavar="N", min=1, max=10_000)
    ] = 20,
    key: Annotated[
        str | None,
        typer.Option("--object", help="Only this object: its key, or its whole identity.", metavar="KEY"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show quarantined rows with their reasons, newest batch first."""
    from headrace.domain.dataset import DatasetId
    from headrace_cli import quarantine as reading

    found = reading.quarantine(_deployment(ctx), DatasetId.parse(dataset), limit, key)
    if as_json:
        document(found)
        return
    from headrace_cli.views import show_quarantine

    show_quarantine(found)


@app.command("profile")
def show_profile(
    ctx: typer.Context,
    dataset: Dataset,
    batch: Annotated[
        int | None, typer.Option(help="This batch instead of the newest.", metavar="N", min=1)
    ] = None,
    column: Annotated[str | None, typer.Option(help="Only this one, in detail.", metavar="NAME")] = None,
    as_json: Json = False,
) -> None:
    """Show what a batch published: each column's values, what changed, what looks personal."""
    from headrace.domain.dataset import DatasetId
    from headrace_cli import profile

    found = profile.profile_of(_deployment(ctx), DatasetId.parse(dataset), batch, column)
    if as_json:
        document(found)
    else:
        profile.show_profile(found, closely=column is not None)


# ── operating ────────────────────────────────────────────────────────────────────────────────────


@app.command()
def status(
    ctx: typer.Context,
    dataset: Annotated[
        str | None, typer.Argument(help="Only this one, in detail.", metavar="DATASET")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show where everything stands: what is stuck on top, with what to do next."""
    from headrace.domain.dataset import DatasetId
    from headrace_cli.status import status_of

    found = status_of(_deployment(ctx), DatasetId.parse(dataset) if dataset else None)
    if as_json:
        document(found)
    else:
        from headrace_cli.views import show_status

        show_status(found)
    raise typer.Exit(ExitCode.TROUBLE if found.stuck else ExitCode.FINE)


@app.command()
def watch(
    ctx: typer.Context,
    until_idle: Annotated[bool, typer.Option("--until-idle", help="End when all is at rest.")] = False,
    timeout: Annotated[
        float | None, typer.Option(help="Seconds after which to stop.", metavar="S", min=0)
    ] = None,
) -> None:
    """Follow batches while they run."""
    from headrace_cli.views import watching
    from headrace_cli.watch import follow

    with watching() as show:
        last = follow(_deployment(ctx), show, timeout=timeout, until_idle=until_idle)
    if until_idle and not last.at_rest:
        raise Failure(ExitCode.TROUBLE, "not all is at rest; `headrace status` says what to do")
    note("all is at rest" if last.at_rest else "not all is at rest")


@app.command()
def reconcile(ctx: typer.Context) -> None:
    """Admit objects that no event announced, and go on with interrupted batches."""
    from headrace_cli import register

    found = register.reconcile(_deployment(ctx))
    restored = f", {found.restored} restored" if found.restored else ""
    print(f"{many(found.admitted, 'object')} admitted{restored}; woken: {', '.join(found.woken) or 'none'}")


@app.command()
def verify(
    ctx: typer.Context,
    dataset: Annotated[
        str | None,
        typer.Argument(help="Only this one; else all, and what is outside of them.", metavar="DATASET"),
    ] = None,
    settle: Annotated[
        float,
        typer.Option(
            help="What happened in the last S seconds may still be under way; 0: nothing may.",
            metavar="S",
            min=0,
        ),
    ] = 600,
    as_json: Json = False,
) -> None:
    """Check that every landed row is in one table, once, and that ledger, records and files agree."""
    from headrace.domain.dataset import DatasetId
    from headrace_cli.verify.deployed import verify_deployed

    found = verify_deployed(_deployment(ctx), DatasetId.parse(dataset) if dataset else None, settle)
    if as_json:
        document(found)
    else:
        from headrace_cli.verify.views import show_verified

        show_verified(found)
    if found.violations:
        raise typer.Exit(ExitCode.TROUBLE)
    raise typer.Exit(ExitCode.FINE if found.at_rest else ExitCode.NOT_AT_REST)


@app.command("redrive")
def redrive_queues(
    ctx: typer.Context,
    plan: Annotated[bool, typer.Option("--plan", help="Only say why messages died; change nothing.")] = False,
    queue: Annotated[
        str | None, typer.Option(help="Only this one: buffer or undelivered.", metavar="NAME")
    ] = None,
    timeout: Timeout = 600,
    as_json: Json = False,
) -> None:
    """Say why dead letters died, send each back, and follow it to its end."""
    from headrace_cli import redrive
    from headrace_cli.redrive_view import show_redriven

    queues = tuple(one for one in redrive.QUEUES if queue in (None, one))
    if not queues:
        raise Failure(ExitCode.USAGE, f"--queue is {' or '.join(redrive.QUEUES)}, not {queue!r}")
    found = redrive.redrive(_deployment(ctx), queues, plan=plan, timeout=timeout)
    if as_json:
        document(found)
    else:
        show_redriven(found)
    if found.left or found.waiting:
        note(
            f"left in their queue: {many(found.left, 'message')}; objects and refreshes not at their end: "
            f"{found.waiting:,}. `headrace status` says why; running this again is safe"
        )
        raise typer.Exit(ExitCode.TROUBLE)


app.command("replay")(replay)
app.command("rebuild")(rebuild)


def main() -> None:
    """The console script."""
    app(prog_name="headrace")
