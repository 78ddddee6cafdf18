"""The zones a table can stand in, and the properties Headrace keeps on its tables."""

from msgspec import Struct
from msgspec.structs import replace

from headrace.domain.dataset import DatasetId

WATERMARK = "headrace.watermark"
"""Number of the last committed batch (of a mart: of its last refresh), as text; absent means 0."""

REBUILD = "headrace.rebuild"
"""Number of the last rebuild whose rows the table took, as text; absent where there was none."""

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
    """The Glue database of each zone. `stand_in`, where it is set, is a dataset and the one whose tables are
    looked at in the place of its own: a shadow, while the dataset is rebuilt."""

    curated_database: str
    quarantine_database: str
    marts_database: str
    stand_in: tuple[DatasetId, DatasetId] | None = None

    def with_stand_in(self, dataset: DatasetId, shadow: DatasetId) -> "Zones":
        """The same zones, in which the tables of `shadow` are those of `dataset`."""
        return self if shadow == dataset else replace(self, stand_in=(dataset, shadow))

    def curated(self, dataset: DatasetId) -> TableRef:
        return TableRef(self.curated_database, self._standing(dataset).table)

    def quarantine(self, dataset: DatasetId) -> TableRef:
        return TableRef(self.quarantine_database, self._standing(dataset).table)

    def mart(self, mart: DatasetId) -> TableRef:
        return TableRef(self.marts_database, mart.table)

    def _standing(self, dataset: DatasetId) -> DatasetId:
        return self.stand_in[1] if self.stand_in and dataset == self.stand_in[0] else dataset
