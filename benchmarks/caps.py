"""Files larger than the memory that refine is given, each in a control group that holds it to its cap."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from benchmarks import orders
from benchmarks.compare import fingerprint
from benchmarks.measure import Failed, measured

_ROW_BYTES = {"csv": 107, "ndjson": 245}


class Figure(Struct, frozen=True):
    """One file under one cap: how many of the tries ended well, and the slowest one's seconds."""

    file: str
    size_mb: int
    cap_mb: int
    tries: int
    ended_well: int
    wall: float
    passed: bool


def figures(folder: Path) -> Sequence[Figure]:
    """A CSV and an NDJSON of 2 GB under 1,769 MB, and a CSV of 592 MB five times under 512 MB."""
    return [
        _figure(folder, "csv", orders.write_csv, size_mb=592, cap_mb=512, tries=5),
        _figure(folder, "csv", orders.write_csv, size_mb=2_048, cap_mb=1_769, tries=1),
        _figure(folder, "ndjson", orders.write_ndjson, size_mb=2_048, cap_mb=1_769, tries=1),
    ]


def _figure(
    folder: Path,
    kind: str,
    write: Callable[[Path, int, int, int], None],
    *,
    size_mb: int,
    cap_mb: int,
    tries: int,
) -> Figure:
    file, out = folder / f"orders.{kind}", folder / "out"
    rows = (size_mb << 20) // _ROW_BYTES[kind]
    write(file, 0, rows, rows)
    walls, wholes = [], []
    for _ in range(tries):
        out.mkdir()
        try:
            walls.append(
                measured("headrace_deployed", [file], out, memory_mb=cap_mb, cores=1, capped=True).wall
            )
            wholes.append(sum(count for count, _ in fingerprint(out, numbered=True)))
        except Failed:
            continue
        finally:
            shutil.rmtree(out)
    size = file.stat().st_size >> 20
    file.unlink()
    return Figure(kind, size, cap_mb, tries, len(walls), max(walls, default=0.0), wholes == [rows] * tries)
