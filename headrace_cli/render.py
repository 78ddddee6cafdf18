"""Puts answers on the terminal: documents for programs, tables for people."""

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from rich.console import Console

_TURNS = (0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""Line breaks, and what turns the direction of writing, beside the control characters."""
_CONTROL = {
    **{code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))},
    **{code: f"\\u{code:04x}" for code in _TURNS},
    9: "\\t",
    10: "\\n",
    13: "\\r",
}
_ALL_OF_IT = 100_000


def document(answer: Any) -> None:
    """The answer as one JSON document on stdout."""
    encoded = msgspec.json.encode(answer)
    sys.stdout.write(msgspec.json.format(encoded, indent=2).decode() + "\n")


def note(text: str) -> None:
    """A remark for people, on stderr: stdout holds answers only."""
    sys.stderr.write(text + "\n")


def plain(text: str) -> str:
    """Text from outside, on one line and without power over the terminal."""
    return text.translate(_CONTROL)


def console() -> "Console":
    """Stdout for people; as wide as it takes where it is not a terminal, so that nothing is cut off."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else _ALL_OF_IT, highlight=False, soft_wrap=False)


def table(
    titles: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[bool] = (), title: str = ""
) -> None:
    """A table for people. Cells are data: shown as they are, whatever they hold."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for index, name in enumerate(titles):
        grid.add_column(Text(plain(name)), justify="right" if right and right[index] else "left")
    for row in rows:
        grid.add_row(*(Text(plain(cell)) for cell in row))
    screen = console()
    with screen.capture() as drawn:
        screen.print(grid)
    if title:
        print(f"\n{title}:")
    print("\n".join(line.rstrip() for line in drawn.get().rstrip().splitlines()))


def size(count: int) -> str:
    """Bytes for people: `512 B`, `1.2 kB`, `3.4 GB`."""
    scaled, units = float(count), ["TB", "GB", "MB", "kB"]
    if count < 1000:
        return f"{count} B"
    while scaled >= 1000 and units:
        scaled /= 1000
        unit = units.pop()
    return f"{scaled:.1f} {unit}"


def many(count: int, noun: str) -> str:
    """`1 row`, `1,204 rows`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def age(then: datetime, now: datetime | None = None) -> str:
    """How long ago, in one unit: `40 s`, `12 min`, `3 h`, `5 d`."""
    seconds = max(0, int(((now or datetime.now(UTC)) - then).total_seconds()))
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
