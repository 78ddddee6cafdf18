"""`headrace contract …`: which words and options there are, and what each calls."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from headrace_cli.deployment import resolve
from headrace_cli.failures import ExitCode, Failure
from headrace_cli.render import document, note

contract = typer.Typer(no_args_is_help=True, rich_markup_mode=None, add_completion=False)

Files = Annotated[list[Path], typer.Argument(help="Sample files of any format.", metavar="FILE")]
Contracts = Annotated[list[Path], typer.Argument(help="Contract files, or folders of them.", metavar="PATH")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout instead of tables.")]


@contract.callback()
def _contract() -> None:
    """Write, check, test and try contracts, with nothing deployed."""


@contract.command()
def infer(
    files: Files,
    domain: Annotated[
        str | None, typer.Option(help="The dataset's domain; else the samples' folder.", metavar="NAME")
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(help="The dataset's name; else what the samples' names share.", metavar="NAME"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Where to write; - is stdout.",
            metavar="PATH",
            show_default="contracts/DOMAIN/NAME.odcs.yaml",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a contract that is there.")] = False,
) -> None:
    """Draft a contract from sample files, with a comment that explains each guess."""
    from headrace_cli.contract import infer as inferring
    from headrace_cli.contract.check import SUFFIX

    inferring.check_files(files)
    on_stdout = output == Path("-")
    named = inferring.dataset_of(files, None if on_stdout else output, domain, dataset)
    target = output or Path("contracts") / f"{named}{SUFFIX}"
    if not on_stdout:
        inferring.check_target(target, force=force)
    text = inferring.infer(files, named)
    if on_stdout:
        sys.stdout.write(text)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, "utf-8")
    print(target)
    note(f"next: read it, then headrace contract try FILE --contract {target}")


@contract.command()
def check(paths: Contracts = [Path("contracts")]) -> None:  # noqa: B006 - typer copies it
    """Check contracts; problems and notes are told with their lines."""
    from headrace_cli.contract.check import check as checked

    for one in checked(paths):
        print(f"{one.compiled.dataset} {one.compiled.contract}")
        for remark in one.notes:
            note(remark)


@contract.command("test")
def examples(paths: Contracts = [Path("contracts")], as_json: Json = False) -> None:  # noqa: B006 - as above
    """Hold contracts to their own examples: rows that must pass, and rows that must not."""
    from headrace_cli.contract.check import check as checked
    from headrace_cli.contract.examples import run_examples
    from headrace_cli.contract.views import show_tested

    tested = [run_examples(one) for one in checked(paths)]
    if as_json:
        document(tested)
    else:
        show_tested(tested)
    failed = [one for each in tested for one in each.outcomes if not one.passed]
    raise typer.Exit(ExitCode.TROUBLE if failed else ExitCode.FINE)


@contract.command("try")
def try_(
    files: Annotated[list[Path], typer.Argument(help="Files as they would land.", metavar="FILE")],
    path: Annotated[Path, typer.Option("--contract", help="The contract to try.", metavar="PATH")],
    as_json: Json = False,
) -> None:
    """Show what would become of files under a contract; nothing is written."""
    from headrace_cli.contract.check import check as checked
    from headrace_cli.contract.infer import check_files
    from headrace_cli.contract.trial import as_document, try_contract
    from headrace_cli.contract.views import show_tried

    check_files(files)
    (one,) = checked([path])
    tried = try_contract(files, one)
    if as_json:
        document(as_document(tried))
    else:
        show_tried(tried)
    raise typer.Exit(ExitCode.FINE if tried.clean else ExitCode.TROUBLE)


@contract.command()
def diff(
    ctx: typer.Context,
    old: Annotated[
        Path, typer.Argument(help="The old contract; with --deployed, the new one.", metavar="OLD")
    ],
    new: Annotated[Path | None, typer.Argument(help="The new contract.", metavar="NEW")] = None,
    deployed: Annotated[bool, typer.Option("--deployed", help="Compare with what is in force.")] = False,
    as_json: Json = False,
) -> None:
    """Tell what a new contract changes, and whether that breaks what stands."""
    from headrace_cli.contract import diff as comparing
    from headrace_cli.contract.views import show_difference

    if deployed == (new is not None):
        raise Failure(ExitCode.USAGE, "name two contracts, or one with --deployed")
    latest = comparing.compiled_file(new or old)
    before = (
        comparing.compiled_in_force(resolve(ctx.obj), latest.dataset)
        if deployed
        else comparing.compiled_file(old)
    )
    found = comparing.difference(before, latest)
    if as_json:
        document(found)
    else:
        show_difference(found)
    raise typer.Exit(ExitCode.TROUBLE if found.breaks else ExitCode.FINE)


@contract.command()
def show(
    ctx: typer.Context,
    dataset: Annotated[str, typer.Argument(help="As domain/name, like aviation/runways.", metavar="DATASET")],
    source: Annotated[bool, typer.Option("--source", help="The YAML that its author wrote.")] = False,
    as_json: Json = False,
) -> None:
    """Show the contract in force: what Headrace acts on, and what it keeps."""
    from headrace.domain.dataset import DatasetId
    from headrace_cli.contract.show import show_contract
    from headrace_cli.contract.views import show_shown

    found = show_contract(resolve(ctx.obj), DatasetId.parse(dataset))
    if as_json:
        document(found)
    elif source:
        sys.stdout.write(found.source)
    else:
        show_shown(found)
