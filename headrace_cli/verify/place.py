"""What is verified: the ports of one deployment, wherever it stands."""

from typing import Protocol

from headrace.domain.zones import Zones
from headrace.ports import Clock, Executions, Ledger, ObjectStore, TableCatalog


class Place(Protocol):
    """A deployment's ports. Nothing is written through them."""

    @property
    def ledger(self) -> Ledger: ...
    @property
    def artefacts(self) -> ObjectStore: ...
    @property
    def landing(self) -> ObjectStore: ...
    @property
    def lake(self) -> ObjectStore: ...
    @property
    def catalog(self) -> TableCatalog: ...
    @property
    def executions(self) -> Executions: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def zones(self) -> Zones: ...
