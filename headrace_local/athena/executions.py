"""Query executions: running them, and their records, kept in the emulator's store to persist with it."""

import time
import uuid
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import BoundedSemaphore, RLock, Thread
from typing import Any

from ministack.services import athena

from headrace_local.athena import emulator, results
from headrace_local.athena.errors import (
    ERROR_TYPES,
    OTHER_ERROR_TYPE,
    USER_ERROR,
    InvalidRequest,
    QueryCancelled,
    QueryFailed,
)
from headrace_local.athena.outcome import Outcome
from headrace_local.athena.results import Place
from headrace_local.athena.select import Run
from headrace_local.athena.statements import Statement

Record = dict[str, Any]
FINAL = ("SUCCEEDED", "FAILED", "CANCELLED")
_CONCURRENT = 4
_ENGINE = {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"}
_INTERRUPTED = "Query was interrupted: the laptop's emulator stopped while it ran"

_lock = RLock()
_slots = BoundedSemaphore(_CONCURRENT)
_running: dict[str, Run] = {}


@dataclass(frozen=True)
class Asked:
    """What StartQueryExecution was asked, as the repeat of its token is compared with it."""

    statement: str
    catalog: str | None
    database: str | None
    location: str | None

    def key(self) -> list[str | None]:
        return [self.statement, self.catalog, self.database, self.location]


@dataclass(frozen=True)
class Job:
    """An accepted statement with where its result goes."""

    statement: Statement
    run: Run
    location: str
    workgroup: str
    asked: Asked
    parameters: tuple[str, ...] = ()


def repeated(token: str, asked: Asked) -> str | None:
    """The execution that a token has started before; raises InvalidRequest where it asked something else."""
    with _lock:
        for record in athena._executions.values():
            if record.get("_token") == token:
                if record["_asked"] != asked.key():
                    raise InvalidRequest(
                        "Idempotent parameters do not match", "IDEMPOTENT_PARAMETER_MISMATCH"
                    )
                return str(record["QueryExecutionId"])
    return None


def start(job: Job, token: str) -> str:
    """Queues the job and returns its id; the same token again gives the id it gave before."""
    with _lock:
        before = repeated(token, job.asked)
        if before is not None:
            return before
        query_id = str(uuid.uuid4())
        athena._executions[query_id] = _queued(query_id, job, token)
        _running[query_id] = job.run
    # A daemon: a query must not keep an emulator from stopping.
    Thread(
        target=copy_context().run, args=(_work, query_id, job), name=f"athena-{query_id}", daemon=True
    ).start()
    return query_id


def _queued(query_id: str, job: Job, token: str) -> Record:
    context = {"Database": job.asked.database, "Catalog": job.asked.catalog and job.asked.catalog.lower()}
    record: Record = {
        "QueryExecutionId": query_id,
        "Query": job.statement.text,
        "StatementType": job.statement.kind,
        "ResultConfiguration": {
            "OutputLocation": Place.under(job.location, job.statement.file(query_id)).uri
        },
        "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": False}},
        "QueryExecutionContext": {k: v for k, v in context.items() if v is not None},
        "Status": {"State": "QUEUED", "SubmissionDateTime": time.time()},
        "Statistics": {"QueryQueueTimeInMillis": 0, "TotalExecutionTimeInMillis": 0},
        "WorkGroup": job.workgroup,
        "EngineVersion": _ENGINE,
        "_token": token,
        "_asked": job.asked.key(),
        "_header": job.statement.header,
        "_written": job.statement.writes_rows,
    }
    if job.statement.sub is not None:
        record["SubstatementType"] = job.statement.sub
    if job.parameters:
        record["ExecutionParameters"] = list(job.parameters)
    return record


def _work(query_id: str, job: Job) -> None:
    """Runs one job to its end once its turn comes, in a thread of its own."""
    with _slots:
        _run(query_id, job, time.time())
    with _lock:
        _running.pop(query_id, None)


def _run(query_id: str, job: Job, started: float) -> None:
    if not _change(query_id, lambda r: {**r, "Status": {**r["Status"], "State": "RUNNING"}}):
        return
    try:
        outcome = job.statement.run(job.run)
        _write(query_id, job, outcome)
        job.run.check()
    except QueryCancelled as stopped:
        _end(query_id, job, started, "CANCELLED", str(stopped))
    except QueryFailed as failed:
        _fail(query_id, job, started, failed)
    except InvalidRequest as refused:
        _fail(query_id, job, started, QueryFailed("SYNTAX_ERROR", refused.message))
    except Exception as unexpected:  # noqa: BLE001 - whatever goes wrong must end the query, and say so
        _fail(
            query_id,
            job,
            started,
            QueryFailed("GENERIC_INTERNAL_ERROR", f"{type(unexpected).__name__}: {unexpected}"),
        )
    else:
        kept = {"_columns": [c.json() for c in outcome.columns], "_update_count": outcome.update_count}
        _end(query_id, job, started, "SUCCEEDED", None, kept)


def _write(query_id: str, job: Job, outcome: Outcome) -> None:
    """The result file, and beside it its metadata where the result has columns."""
    place = Place.under(job.location, job.statement.file(query_id))
    client = emulator.s3(*emulator.account_and_region())
    if job.statement.suffix == ".csv":
        client.put_object(Bucket=place.bucket, Key=place.key, Body=results.csv(outcome.columns, outcome.rows))
    elif job.statement.writes_rows:
        client.put_object(Bucket=place.bucket, Key=place.key, Body=results.txt(outcome.rows))
    if outcome.columns or outcome.update_type:
        body = results.metadata(query_id, outcome.columns, outcome.update_type, outcome.update_count)
        client.put_object(Bucket=place.bucket, Key=f"{place.key}.metadata", Body=body)


def _fail(query_id: str, job: Job, started: float, failed: QueryFailed) -> None:
    reason = failed.reason(job.statement.text)
    error = {
        "ErrorCategory": USER_ERROR,
        "ErrorType": ERROR_TYPES.get(failed.name, OTHER_ERROR_TYPE),
        "ErrorMessage": reason,
        "Retryable": False,
    }
    _end(query_id, job, started, "FAILED", reason, {"_error": error})


def _end(
    query_id: str, job: Job, started: float, state: str, reason: str | None, kept: Record | None = None
) -> None:
    ended = time.time()

    def finished(record: Record) -> Record:
        status = {**record["Status"], "State": state, "CompletionDateTime": ended}
        if reason is not None:
            status["StateChangeReason"] = reason
        error = (kept or {}).get("_error")
        if error is not None:
            status["AthenaError"] = error
        others = {k: v for k, v in (kept or {}).items() if k != "_error"}
        submitted = record["Status"]["SubmissionDateTime"]
        return {
            **record,
            **others,
            "Status": status,
            "Statistics": _statistics(job.run.scanned, submitted, started, ended),
        }

    _change(query_id, finished)


def _statistics(scanned: int, submitted: float, started: float, ended: float) -> Record:
    return {
        "DataScannedInBytes": scanned,
        "EngineExecutionTimeInMillis": int((ended - started) * 1000),
        "QueryQueueTimeInMillis": int((started - submitted) * 1000),
        "QueryPlanningTimeInMillis": 0,
        "ServicePreProcessingTimeInMillis": 0,
        "ServiceProcessingTimeInMillis": 0,
        "TotalExecutionTimeInMillis": int((ended - submitted) * 1000),
        "ResultReuseInformation": {"ReusedPreviousResult": False},
    }


def _change(query_id: str, change: Callable[[Record], Record]) -> bool:
    """Replaces a record that is not final yet; false where it is, or is gone with a reset of the emulator."""
    with _lock:
        record = athena._executions.get(query_id)
        if record is None or record["Status"]["State"] in FINAL:
            return False
        athena._executions[query_id] = change(record)
        return True


def get(query_id: str) -> Record:
    """An execution's record; one that was running when the emulator stopped has failed."""
    with _lock:
        record = athena._executions.get(query_id)
        if record is None:
            raise InvalidRequest(f"QueryExecution {query_id} was not found", "QUERY_EXECUTION_NOT_FOUND")
        if record["Status"]["State"] not in FINAL and query_id not in _running:
            record = _interrupted(record)
            athena._executions[query_id] = record
        return dict(record)


def _interrupted(record: Record) -> Record:
    error = {
        "ErrorCategory": 1,
        "ErrorType": OTHER_ERROR_TYPE,
        "ErrorMessage": _INTERRUPTED,
        "Retryable": True,
    }
    status = {
        **record["Status"],
        "State": "FAILED",
        "StateChangeReason": _INTERRUPTED,
        "CompletionDateTime": time.time(),
        "AthenaError": error,
    }
    return {**record, "Status": status}


def public(record: Record) -> Record:
    """The record without what is kept for this engine's own use."""
    return {k: v for k, v in record.items() if not k.startswith("_")}


def stop(query_id: str) -> None:
    """Cancels a query; one that has ended stays as it is."""
    record = get(query_id)
    run = _running.get(query_id)
    if record["Status"]["State"] in FINAL or run is None:
        return
    run.stop()

    def cancelled(found: Record) -> Record:
        status = {**found["Status"], "State": "CANCELLED", "StateChangeReason": "Query cancelled by user"}
        return {**found, "Status": {**status, "CompletionDateTime": time.time()}}

    _change(query_id, cancelled)


def ids(workgroup: str) -> list[str]:
    """The executions of a workgroup, the latest first."""
    with _lock:
        mine = [r for r in athena._executions.values() if r["WorkGroup"] == workgroup]
    mine.sort(key=lambda r: float(r["Status"]["SubmissionDateTime"]), reverse=True)
    return [str(r["QueryExecutionId"]) for r in mine]


def now() -> datetime:
    return datetime.now(UTC)
