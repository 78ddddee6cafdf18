"""A sheet of an Excel workbook as CSV: texts as they are, numbers as they are written, days and moments in
ISO 8601."""

import csv
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

import python_calamine as calamine

from headrace.domain.errors import UnreadableObject
from headrace.engines.convert.expanse import Expanse

Cell = int | float | str | bool | time | date | datetime | timedelta

_FREE_CELLS = 2_000_000
_LARGEST_WHOLE = 1e15


def excel_to_csv(path: Path, to: Path, sheet: str, skip: int) -> None:
    """Write the sheet of this name (empty: the first) without its first `skip` rows and its empty rows.

    Raises UnreadableObject where there is no such sheet, the workbook cannot be read or it unfolds to more
    than a file of its size may.
    """
    _check_parts(path)
    try:
        with calamine.CalamineWorkbook.from_path(path) as workbook:
            names = workbook.sheet_names
            if not names or (sheet and sheet not in names):
                there = ", ".join(names[:10]) or "none"
                raise UnreadableObject(
                    f"there is no sheet {sheet}; there is {there}: correct headrace.sheet, or the file"
                )
            found = workbook.get_sheet_by_name(sheet or names[0])
            _check_area(found, path.stat().st_size)
            rows = found.to_python(skip_empty_area=False)
    except calamine.PasswordError:
        raise UnreadableObject("the workbook needs a password; save it without one") from None
    except (calamine.CalamineError, OSError, ValueError):
        raise UnreadableObject("the workbook cannot be read; save it again") from None
    with to.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerows(_table(rows[skip:]))


def _check_parts(path: Path) -> None:
    """A modern workbook is a zip archive."""
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = [entry.file_size for entry in archive.infolist()]
    except (zipfile.BadZipFile, OSError, ValueError):
        raise UnreadableObject("the workbook cannot be read; save it again") from None
    Expanse(path.stat().st_size, _FREE_CELLS).add(0, sum(sizes))


def _check_area(sheet: calamine.CalamineSheet, size: int) -> None:
    """A sheet's cells are in memory from the first to the last, those between as well."""
    Expanse(size, _FREE_CELLS).add(sheet.total_height * sheet.total_width, 0)


def _table(rows: Sequence[Sequence[Cell]]) -> Iterator[list[str]]:
    """The header and the rows below it, each as wide as the header or as its own last value."""
    written = (_trimmed([_text(cell) for cell in row]) for row in rows)
    width = 0
    for row in written:
        if row:
            width = width or len(row)
            yield row + [""] * (width - len(row))


def _trimmed(row: list[str]) -> list[str]:
    while row and not row[-1]:
        row.pop()
    return row


def _text(cell: Cell) -> str:
    match cell:
        case bool():
            return "true" if cell else "false"
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < _LARGEST_WHOLE else repr(cell)
        case datetime() | date() | time():
            return cell.isoformat()
        case timedelta():
            return str(cell)
        case _:
            return str(cell)
