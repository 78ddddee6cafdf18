"""The columns that Headrace itself adds to a dataset's two tables."""

from headrace.domain.plan import Array, Column, Integer, Json, Object, Text

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
