"""Admits landed objects into the ledger, then wakes the datasets they landed for.

A message is acknowledged only when its objects are in the ledger and their datasets are awake;
a message that fails comes back alone.
"""

import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from headrace.domain import keys
from headrace.domain.batch import ObjectAudit
from headrace.domain.dataset import DatasetId
from headrace.domain.envelope import landed_objects
from headrace.domain.errors import HeadraceError, InvalidRequest, UnknownDataset
from headrace.domain.landed import LandedObject, ObjectState
from headrace.ports import Clock, Executions, Ledger, ObjectStore
from headrace.steps import records
from headrace.steps.wake import waits, wake
from headrace.telemetry import logger


def admit_objects(
    event: Mapping[str, Any],
    *,
    landing: ObjectStore,
    artefacts: ObjectStore,
    ledger: Ledger,
    executions: Executions,
    clock: Clock,
) -> PartialItemFailureResponse:
    """`event` is what SQS gives Lambda; the reply names the messages to deliver again."""

    known = _known(event["Records"], landing.bucket, ledger)

    def admit_message(record: SQSRecord) -> set[DatasetId]:
        landed = [one for one in landed_objects(record.body) if one.bucket == landing.bucket]
        admitted = (
            known.get(one.identity) or admit(one, ledger=ledger, artefacts=artefacts, clock=clock)
            for one in landed
        )
        return {dataset for dataset in admitted if dataset}

    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    with processor(records=event["Records"], handler=admit_message):
        waiting: dict[DatasetId, list[dict[str, Any]]] = defaultdict(list)
        for status, datasets, record in processor.process():
            for dataset in datasets if status == "success" else ():
                waiting[dataset].append(record)
        for dataset, messages in waiting.items():
            try:
                rouse(dataset, ledger=ledger, artefacts=artefacts, executions=executions, clock=clock)
            except Exception:  # noqa: BLE001 - whatever it is, it concerns this dataset's messages only
                logger.exception("dataset not woken", extra={"dataset": str(dataset)})
                _fail(processor, messages)
    return processor.response()


def _known(messages: Sequence[Mapping[str, Any]], bucket: str, ledger: Ledger) -> dict[str, DatasetId]:
    """The objects that the ledger has under their dataset already, by identity: to ask about all at once
    costs less than to find each admission refused. None where the ledger does not answer."""
    landed: dict[DatasetId, list[LandedObject]] = defaultdict(list)
    for message in messages:
        with suppress(InvalidRequest):  # it is told where the message itself is handled
            for one in landed_objects(message["body"]):
                dataset = DatasetId.of_key(one.key)
                if dataset is not None and one.bucket == bucket:
                    landed[dataset].append(one)
    known: dict[str, DatasetId] = {}
    try:
        for dataset, objects in landed.items():
            unknown = {one.identity for one in ledger.unknown(str(dataset), objects)}
            known |= {one.identity: dataset for one in objects if one.identity not in unknown}
    except HeadraceError:
        logger.exception("not known what the ledger has")
    return known


def admit(landed: LandedObject, *, ledger: Ledger, artefacts: ObjectStore, clock: Clock) -> DatasetId | None:
    """Remember one object; the dataset it waits for, or None where no dataset takes it."""
    dataset = DatasetId.of_key(landed.key)
    if dataset is not None and ledger.dataset(dataset) is not None:
        ledger.admit(dataset, landed, clock.now())
        return dataset
    reason = (
        f"no contract is registered for {dataset}; register contracts/{dataset}.odcs.yaml, and it is taken up"
        if dataset
        else "the key does not start with <domain>/<dataset>/; upload it under a dataset's prefix"
    )
    refused = ObjectAudit(landed.identity, ObjectState.QUARANTINED, 0, 0, 0, "", reason)
    records.create(artefacts, keys.refusal_key(landed), refused)
    ledger.refuse(landed, reason, clock.now())
    if dataset is None or ledger.dataset(dataset) is None:
        return None
    ledger.route(dataset, landed, clock.now())  # it was registered while we refused
    return dataset


def rouse(
    dataset: DatasetId, *, ledger: Ledger, artefacts: ObjectStore, executions: Executions, clock: Clock
) -> None:
    """Wake a dataset that has work; where its lease is taken, make sure that the lease's execution was
    started.

    An event that comes again when all is done must wake nobody: an execution that finds nothing to do is an
    attempt of the next batch all the same. A lease is written before its execution starts, so an admission
    that died in between leaves a lease that nobody works under. Starting by name again is harmless. A dataset
    that a ledger which was put back has forgotten is woken by whoever registers its contract again.
    """
    try:
        if not waits(dataset, ledger=ledger, artefacts=artefacts):
            return
        if wake(dataset, ledger=ledger, executions=executions, clock=clock):
            return
    except UnknownDataset:
        logger.warning(
            "a dataset that objects are known of is not registered", extra={"dataset": str(dataset)}
        )
        return
    state = ledger.dataset(dataset)
    if state and state.lease and not executions.known(state.lease.execution):
        executions.start(state.lease.execution, dataset)


def _fail(processor: BatchProcessor, messages: Sequence[dict[str, Any]]) -> None:
    for message in messages:
        processor.failure_handler(record=SQSRecord(message), exception=sys.exc_info())
