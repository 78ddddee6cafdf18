"""The columns of a dataset's two tables: what is published of the contract's, and what Headrace adds."""

from collections.abc import Iterable

from msgspec.structs import replace

from headrace.domain.plan import Array, Column, Integer, Json, Object, Partition, Text, Type


def published(columns: Iterable[Column]) -> tuple[Column, ...]:
    """The columns as the table has them: without those that are dropped, with the types that masks leave.

    They have no masks, rules or requirements, at no depth: their values are judged and masked already.
    """
    kept = ((one, published_type(one)) for one in columns)
    return tuple(
        replace(one, type=type_, required=False, rules=(), mask=None)
        for one, type_ in kept
        if type_ is not None
    )


def published_type(column: Column) -> Type | None:
    """The type of a column in the table; None where nothing of it is written."""
    match column.mask:
        case None | "truncate":
            return _published(column.type)
        case "drop":
            return None
        case _:
            return Text()


def _published(type_: Type) -> Type | None:
    match type_:
        case Array(items=items):
            kept = _published(items)
            return None if kept is None else Array(kept)
        case Object(columns=columns):
            kept_columns = published(columns)
            return Object(kept_columns) if kept_columns else None
        case _:
            return type_


def partition_name(partition: Partition) -> str:
    """What a table calls a partition field, by Iceberg's custom; no column may have this name too, but
    for the one that partitions by its own values."""
    suffix = {"identity": "", "truncate": "_trunc"}.get(partition.transform, f"_{partition.transform}")
    return partition.column + suffix


_PROVENANCE = (
    Column("_object", "", Text(), description="Identity of the landed object that the row came from"),
    Column("_row", "", Integer(), description="Position of the row in its object, counted from 1"),
    Column("_batch", "", Integer(), description="Number of the batch that brought the row"),
    Column("_contract", "", Text(), description="Version and hash of the contract that judged the row"),
)

CURATED_SYSTEM_COLUMNS = (
    *_PROVENANCE,
    Column("_rescued", "", Json(), description="Fields that the contract does not know, as a JSON object"),
)
"""What follows the contract's own columns in a curated table."""

QUARANTINE_COLUMNS = (
    *_PROVENANCE,
    Column("_raw", "", Text(), description="The row's original text, masked as the contract says"),
    Column(
        "_reasons",
        "",
        Array(
            Object(
                (
                    Column("column", "", Text()),
                    Column("rule", "", Text()),
                    Column("value_excerpt", "", Text()),
                )
            )
        ),
        description="Every rule that the row broke",
    ),
)
"""All columns of a quarantine table: the same for each dataset."""
