"""The zones a table can stand in, and the properties Headrace keeps on its tables."""

from msgspec import Struct

from headrace.domain.dataset import DatasetId

WATERMARK = "headrace.watermark"
"""Number of the last committed batch (of a mart: of its last refresh), as text; absent means 0."""

SOURCES = "headrace.sources"
"""JSON of a mart: the watermark of each dataset its content was computed from."""

CONTRACT = "headrace.contract"
"""The key of the compiled contract a mart was computed under."""


class TableRef(Struct, frozen=True):
    """A table of the Glue catalog."""

    database: str
    name: str

    def __str__(self) -> str:
        return f"{self.database}.{self.name}"


class Zones(Struct, frozen=True):
    """The Glue database of each zone."""

    curated_database: str
    quarantine_database: str
    marts_database: str

    def curated(self, dataset: DatasetId) -> TableRef:
        return TableRef(self.curated_database, dataset.table)

    def quarantine(self, dataset: DatasetId) -> TableRef:
        return TableRef(self.quarantine_database, dataset.table)

    def mart(self, mart: DatasetId) -> TableRef:
        return TableRef(self.marts_database, mart.table)
