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
from headrace.domain.lineup import MartState
from headrace.domain.zones import WATERMARK, TableRef
from headrace_cli.deployment import Deployment

_SEARCHED = 20
"""Batches looked at for the last published one."""


class MartStatus(Struct, frozen=True):
    """A mart: how often it was computed (`batch`), and for each dataset it reads the batch it holds
    and the newest that was published."""

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


def contract_id(deployment: Deployment, key: str) -> str:
    """The id of a compiled contract, as the `_contract` column shows it."""
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
    return MartStatus(
        mart=str(state.mart),
        contract=contract_id(deployment, state.contract),
        batch=int(properties.get(WATERMARK, "0")),
        holds=standing.sources if standing else {},
        published={
            str(read): _mart_batch(deployment, read) if read in marts else _published(deployment, read)
            for read in state.reads
        },
    )


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
