"""What was published: audit records of batches, and how fresh marts are."""

from collections.abc import Iterator, Mapping
from itertools import islice

import msgspec
from msgspec import Struct

from headrace.domain import keys
from headrace.domain.batch import Audit
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import MissingArtefact
from headrace.domain.freshness import Freshness
from headrace.domain.lineup import DatasetState, MartState
from headrace.domain.plan import Mask
from headrace.domain.zones import WATERMARK, TableRef
from headrace_cli.deployment import Deployment

_SEARCHED = 20
"""Batches looked at for the last published one."""


class MartStatus(Struct, frozen=True):
    """A mart: how often it was computed (`batch`), and for each dataset it reads the batch it holds
    and the newest that was published, or that it holds where that one published no row."""

    mart: str
    contract: str
    batch: int
    holds: Mapping[str, int]
    published: Mapping[str, int]

    @property
    def behind(self) -> bool:
        """Something that it reads was published and is not in it."""
        return any(self.holds.get(one, 0) < newest for one, newest in self.published.items())


class _Compiled(Struct):
    contract: str


class _Column(Struct):
    name: str
    mask: Mask | None = None
    classification: str = ""


class ContractInForce(Struct, frozen=True):
    """A dataset's compiled contract: its id, as the `_contract` column shows it, and its columns."""

    contract: str
    columns: tuple[_Column, ...] = ()

    @property
    def classified(self) -> frozenset[str]:
        """The columns of which the contract says who may see them, or that it masks."""
        return frozenset(one.name for one in self.columns if one.mask or one.classification)


def contract_in_force(deployment: Deployment, state: DatasetState) -> ContractInForce:
    return msgspec.json.decode(deployment.artefacts.read(state.contract), type=ContractInForce)


def _contract_id(deployment: Deployment, key: str) -> str:
    return msgspec.json.decode(deployment.artefacts.read(key), type=_Compiled).contract


def audits(deployment: Deployment, dataset: DatasetId, below: int) -> Iterator[Audit]:
    """Audit records of the batches below a number, newest first, as far as they stand."""
    for batch in range(below - 1, 0, -1):
        try:
            record = deployment.artefacts.read(keys.audit_key(dataset, batch))
        except MissingArtefact:
            return
        yield msgspec.json.decode(record, type=Audit)


def mart_statuses(deployment: Deployment) -> tuple[MartStatus, ...]:
    """Every registered mart, by name."""
    marts = deployment.ledger.marts()
    names = {state.mart for state in marts}
    return tuple(_mart_status(deployment, state, names) for state in marts)


def _mart_status(deployment: Deployment, state: MartState, marts: set[DatasetId]) -> MartStatus:
    properties = _properties(deployment, deployment.zones.mart(state.mart))
    standing = Freshness.of(properties)
    holds = standing.sources if standing else {}
    return MartStatus(
        mart=str(state.mart),
        contract=_contract_id(deployment, state.contract),
        batch=int(properties.get(WATERMARK, "0")),
        holds=holds,
        published={
            str(read): max(_newest(deployment, read, marts), holds.get(str(read), 0)) for read in state.reads
        },
    )


def _newest(deployment: Deployment, read: DatasetId, marts: set[DatasetId]) -> int:
    return _mart_batch(deployment, read) if read in marts else _published(deployment, read)


def _mart_batch(deployment: Deployment, mart: DatasetId) -> int:
    return int(_properties(deployment, deployment.zones.mart(mart)).get(WATERMARK, "0"))


def _published(deployment: Deployment, dataset: DatasetId) -> int:
    """The newest batch that readers were told of: a rejected or empty one makes no mart stale; a replay may
    have taken rows away."""
    state = deployment.ledger.dataset(dataset)
    below = state.next_batch if state else 0
    for audit in islice(audits(deployment, dataset, below), _SEARCHED):
        if audit.verdict.publish and (audit.curated or audit.replay):
            return audit.batch
    return 0


def _properties(deployment: Deployment, table: TableRef) -> Mapping[str, str]:
    """Properties of an Iceberg table, from its metadata file: loading PyIceberg would cost a second."""
    found = deployment.clients.glue.get_table(DatabaseName=table.database, Name=table.name)["Table"]
    bucket, _, key = found["Parameters"]["metadata_location"].removeprefix("s3://").partition("/")
    body = deployment.clients.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    return msgspec.json.decode(body, type=_Metadata).properties


class _Metadata(Struct):
    properties: dict[str, str] = {}
