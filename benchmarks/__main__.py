"""`python -m benchmarks refine|caps|latency`: prints a table, and with --json FILE writes the figures."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from benchmarks import caps, latency, refine

_SMALL = 1_000


class Section(Struct, frozen=True):
    """A heading with its figures, all of one kind."""

    title: str
    figures: Sequence[Struct]


def main(arguments: Sequence[str]) -> int:
    """Run one benchmark; the exit code is 1 where outputs differ or a cap is broken."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--json", type=Path, help="write the figures to this file")
    shared.add_argument("--repeats", type=int, default=3, help="rounds; medians are shown (default: 3)")
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    whole = commands.add_parser(
        "refine", parents=[shared], help="the whole job, beside what people use instead"
    )
    whole.add_argument("--rows", type=int, default=5_000_000, help="of the large CSV (default: 5,000,000)")
    whole.add_argument("--files", type=int, default=1_000, help="small CSVs of 1,000 rows (default: 1,000)")
    whole.add_argument("--only", nargs="+", choices=refine.CONTESTANTS, default=list(refine.CONTESTANTS))
    commands.add_parser("caps", parents=[shared], help="files larger than the memory that refine is given")
    commands.add_parser("latency", parents=[shared], help="compiling a contract, refining a tiny file")
    asked = parser.parse_args(arguments)
    with TemporaryDirectory(prefix="headrace-bench-") as folder:
        match asked.command:
            case "refine":
                sections = _refine(Path(folder), asked.rows, asked.files, asked.only, asked.repeats)
            case "caps":
                sections = [Section("Files larger than memory", caps.figures(Path(folder)))]
            case _:
                sections = [Section("Latency", latency.figures(Path(folder), asked.repeats))]
    for section in sections:
        _show(section)
    if asked.json:
        asked.json.write_bytes(msgspec.json.format(msgspec.json.encode(sections)))
    return 0 if all(getattr(one, "passed", True) for section in sections for one in section.figures) else 1


def _refine(folder: Path, rows: int, files: int, names: Sequence[str], repeats: int) -> list[Section]:
    sections, out = [], folder / "out"
    if rows:
        landed = refine.large(folder, rows)
        figures = refine.compared(landed, rows, out, names, repeats=repeats)
        sections.append(Section(f"One CSV of {rows:,} orders", figures))
        landed[0].unlink()
    if files:
        landed = refine.small(folder, files, _SMALL)
        figures = refine.compared(landed, files * _SMALL, out, names, repeats=repeats)
        figures.append(refine.one_by_one(landed, files * _SMALL, out, figures[0]))
        sections.append(Section(f"{files:,} CSVs of {_SMALL:,} orders", figures))
    return sections


def _show(section: Section) -> None:
    table = Table(title=section.title, title_justify="left")
    for field in section.figures[0].__struct_fields__:
        table.add_column(field.replace("_", " "), justify="right")
    for one in section.figures:
        table.add_row(*map(_text, msgspec.structs.astuple(one)))
    Console(width=140).print(table)


def _text(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "NO"
        case float():
            return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
        case _:
            return str(value)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
