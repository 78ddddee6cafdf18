"""What columns may be called: a name for whatever a file or an author calls a field."""

import re
import unicodedata

from headrace.domain.tables import CURATED_SYSTEM_COLUMNS, QUARANTINE_COLUMNS

RESERVED = frozenset(column.name for column in (*CURATED_SYSTEM_COLUMNS, *QUARANTINE_COLUMNS))
"""The names of the columns that Headrace adds to a dataset's tables."""

_LONGEST = 127
_NAME = re.compile(rf"[a-z_][a-z0-9_]{{0,{_LONGEST - 1}}}")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+")


def snake_case(written: str) -> str:
    """A column's name for any name: `leHeading °T` becomes `le_heading_t`; empty where nothing is left."""
    plain = unicodedata.normalize("NFKD", written).encode("ascii", "ignore").decode()
    name = _WORDS.sub("_", plain).strip("_").lower()[:_LONGEST]
    return f"_{name}" if name[:1].isdigit() else name


def column_name(written: str) -> str:
    """The column that a property of this name has: its own name, where that can be a column's."""
    return written if _NAME.fullmatch(written) else snake_case(written)
