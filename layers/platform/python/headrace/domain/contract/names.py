"""What a contract's columns are called in the table, and their fields in the landed files."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from headrace.domain.column_names import RESERVED, column_name
from headrace.domain.contract.extensions import Settings, Shape
from headrace.domain.contract.source import Findings, Place, excerpt


class Named(Struct, frozen=True):
    """A property of the contract: `name` is its column's, `source` its field's in the landed object, and
    `aliases` are their former names. `ours` are its `headrace.*` settings."""

    field: Place
    name: str
    source: str
    aliases: tuple[str, ...]
    ours: Settings


def named_fields(owner: Place, known: Mapping[str, Shape], found: Findings) -> Iterator[Named]:
    """Each property with its names; those that cannot be used are problems."""
    names: set[str] = set()
    sources: set[str] = set()
    for field in owner.items_of("properties"):
        ours = Settings(field, known, found)
        written = field.text_of("name")
        name = column_name(written)
        source = field.text_of("physicalName") or written
        here = field.at("name")
        if not written:
            found.problem(field, "a column has no name", "add name")
        elif not name:
            advice = "write a name of letters, and physicalName for the name that the files have"
            found.problem(here, f"{excerpt(written)} cannot name a column", advice)
        elif name in RESERVED:
            found.problem(here, f"the name {name} is Headrace's own", f"write name: {name.lstrip('_')}_")
        elif name in names:
            found.problem(here, f"two columns are called {name}", "rename one")
        elif source in sources:
            what = f"two columns read the field {excerpt(source)}"
            found.problem(field.at("physicalName"), what, "keep one")
        elif name != written:
            found.note(here, f"{excerpt(written)} cannot name a column", f"the column is called {name}")
        names.add(name)
        sources.add(source)
        yield Named(field, name, source, _aliases(ours, name, source, sources, found), ours)


def _aliases(ours: Settings, name: str, source: str, taken: set[str], found: Findings) -> tuple[str, ...]:
    """The former names of a field, none of them another field's."""
    aliases = tuple(alias for alias in ours.texts("headrace.aliases") if alias not in (name, source))
    for alias in aliases:
        if alias in taken:
            what = f"two columns read the field {excerpt(alias)}"
            found.problem(ours["headrace.aliases"], what, "keep the alias where it belongs")
    taken.update(aliases)
    return aliases
