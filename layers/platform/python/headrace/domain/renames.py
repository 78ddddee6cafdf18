"""Which column of a new contract is which of the old one: by its name, else by its field or an alias."""

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from headrace.domain.plan import Array, Column, Object, Type


def paired(old: Sequence[Column], new: Sequence[Column]) -> Iterator[tuple[Column | None, Column | None]]:
    """Each new column with the old one that it was, if it was one; then the old ones that are gone."""
    standing = {column.name: column for column in old}
    names = {column.name for column in new}
    for column in new:
        former = standing.get(column.name) or next(
            (one for one in standing.values() if one.name not in names and _names(column, one)), None
        )
        if former is not None:
            del standing[former.name]
        yield former, column
    for gone in standing.values():
        yield gone, None


def new_names(old: Sequence[Column], new: Sequence[Column]) -> dict[str, str]:
    """What the old columns that are still there are called now."""
    return {former.name: column.name for former, column in paired(old, new) if former and column}


def with_former_names(new: Sequence[Column], old: Sequence[Column]) -> tuple[Column, ...]:
    """The new columns; the aliases of those that were renamed begin with the name they had in the table."""
    return tuple(
        column if former is None else _with_former_name(column, former)
        for former, column in paired(old, new)
        if column is not None
    )


def _with_former_name(new: Column, old: Column) -> Column:
    aliases = new.aliases if new.name == old.name else (old.name, *new.aliases)
    return replace(new, aliases=aliases, type=_with_former_names(new.type, old.type))


def _with_former_names(new: Type, old: Type) -> Type:
    match new, old:
        case Object(columns), Object(former):
            return Object(with_former_names(columns, former))
        case Array(items), Array(former_items):
            return Array(_with_former_names(items, former_items))
        case _:
            return new


def _names(column: Column, old: Column) -> bool:
    fields = (column.source, *column.aliases)
    return old.name in column.aliases or (bool(old.source) and old.source in fields)
