"""A deployment on moto, and what tests put into it: the real ledger, records, queues and executions."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import boto3
import msgspec
from botocore.stub import Stubber

from headrace.domain import keys
from headrace.domain.batch import Audit, ObjectAudit, ReasonCount, RuleOutcome, Verdict
from headrace.domain.dataset import DatasetId
from headrace.domain.landed import LandedObject, ObjectState
from headrace.domain.lineup import MAX_ATTEMPTS, Finished
from headrace_cli.deployment import Deployment, Outputs

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RUNWAYS = DatasetId("aviation", "runways")
ROLE = "arn:aws:iam::123456789012:role/states"
DEFINITION = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})


class Deployed(Deployment):
    """A stack called headrace that stands in moto's account."""

    def __init__(self) -> None:
        session = boto3.Session("test", "test", region_name="us-east-1")
        super().__init__(session, "headrace")
        self.session = session
        self._athena_stub = Stubber(self.athena)
        self._functions_stub = Stubber(self.functions)
        self.outputs = Outputs(
            landing_bucket=self._bucket("landing"),
            lake_bucket=self._bucket("lake"),
            artefacts_bucket=self._bucket("artefacts"),
            ledger_table=self._table(),
            ingest_state_machine_arn=self._machine("ingest"),
            refresh_mart_state_machine_arn=self._machine("refresh_mart"),
            replay_state_machine_arn=self._machine("replay"),
            buffer_queue_url=self.sqs.create_queue(QueueName="buffer")["QueueUrl"],
            buffer_dead_letter_queue_url=self.sqs.create_queue(QueueName="dead")["QueueUrl"],
            undelivered_queue_url=self.sqs.create_queue(QueueName="undelivered")["QueueUrl"],
            workgroup="headrace",
            curated_database="headrace_curated",
            quarantine_database="headrace_quarantine",
            marts_database="headrace_marts",
            register_dataset_function="register",
            rebuild_dataset_function="rebuild",
            reconcile_function="reconcile",
        )

    def _bucket(self, name: str) -> str:
        self.clients.s3.create_bucket(Bucket=name)
        self.clients.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    def _table(self) -> str:
        self.clients.dynamodb.create_table(
            TableName="ledger",
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        return "ledger"

    def _machine(self, name: str) -> str:
        made = self.clients.stepfunctions.create_state_machine(name=name, definition=DEFINITION, roleArn=ROLE)
        return made["stateMachineArn"]

    # ── what happens to it ───────────────────────────────────────────────────────────────────────

    def register(self, dataset: DatasetId = RUNWAYS) -> None:
        key = f"contracts/{dataset}/1.json"
        self.clients.s3.put_object(
            Bucket="artefacts", Key=key, Body=json.dumps({"type": "dataset", "contract": "1.0.0+1a2b3c4d"})
        )
        self.ledger.register(dataset, key)

    def register_mart(
        self, mart: DatasetId, reads: Sequence[DatasetId], properties: Mapping[str, str]
    ) -> None:
        """A mart whose Iceberg table has these properties."""
        key = f"contracts/{mart}/1.json"
        self.clients.s3.put_object(
            Bucket="artefacts", Key=key, Body=json.dumps({"type": "mart", "contract": "1.0.0+5e6f7a8b"})
        )
        self.ledger.register_mart(mart, key, reads)
        self.clients.s3.put_object(
            Bucket="artefacts", Key=f"{mart}/metadata.json", Body=json.dumps({"properties": dict(properties)})
        )
        database = self.outputs.marts_database
        self.clients.glue.create_database(DatabaseInput={"Name": database})
        location = {"metadata_location": f"s3://artefacts/{mart}/metadata.json"}
        self.clients.glue.create_table(
            DatabaseName=database, TableInput={"Name": mart.table, "Parameters": location}
        )

    def land(self, name: str, dataset: DatasetId = RUNWAYS) -> LandedObject:
        """An object that waits in the ledger."""
        landed = LandedObject("landing", f"{dataset}/{name}", f"version-of-{name}", "etag", 10)
        self.ledger.admit(dataset, landed, NOW)
        return landed

    def start(self, dataset: DatasetId = RUNWAYS, instead_of: str | None = None) -> str:
        """Take the lease and start its execution, which runs; returns its name."""
        leased = self.ledger.acquire(dataset, NOW, instead_of)
        assert leased
        assert leased.lease
        machine = self.outputs.ingest_state_machine_arn
        self.clients.stepfunctions.start_execution(
            stateMachineArn=machine, name=leased.lease.execution, input="{}"
        )
        return leased.lease.execution

    def stop(self, execution: str) -> None:
        """Abort an execution; its lease stays."""
        machine = self.outputs.ingest_state_machine_arn
        arn = f"{machine.replace(':stateMachine:', ':execution:')}:{execution}"
        self.clients.stepfunctions.stop_execution(executionArn=arn)

    def exhaust(self) -> None:
        """Let every attempt on the next batch fail."""
        holder = self.start()
        for _ in range(MAX_ATTEMPTS - 1):
            self.stop(holder)
            holder = self.start(instead_of=holder)
        self.stop(holder)

    def close(
        self, batch: int, *ends: Finished, dataset: DatasetId = RUNWAYS, publish: bool = True, **told: Any
    ) -> None:
        """Close a batch with these ends, and give the lease back; the audit record also has `told`."""
        rule = RuleOutcome("some_rows", "row_count at least 1", 0.0, publish, "error")
        reasons = tuple(ReasonCount("length_ft", "type", one.quarantined) for one in ends if one.quarantined)
        audit = Audit(
            dataset,
            batch,
            "1.0.0+1a2b3c4d",
            Verdict(publish, (rule,)),
            tuple(
                ObjectAudit(
                    one.object.identity,
                    one.state,
                    one.rows,
                    one.curated,
                    one.quarantined,
                    "0" * 64,
                    one.reason,
                )
                for one in ends
            ),
            sum(one.rows for one in ends),
            sum(one.curated for one in ends),
            sum(one.quarantined for one in ends),
            reasons,
            (),
            (),
            NOW.isoformat(),
            **told,
        )
        self.clients.s3.put_object(
            Bucket="artefacts", Key=keys.audit_key(dataset, batch), Body=msgspec.json.encode(audit)
        )
        taken = list(ends)
        if "replay" in told:
            request = LandedObject("artefacts", f"replays/{dataset}/{batch}/00000.json", "", "c0ffee", 42)
            taken = [Finished(request, ObjectState.LOADED)]
            self.ledger.admit(dataset, request, NOW)
        self.ledger.assign(dataset, batch, [one.object for one in taken])
        self.ledger.finish(dataset, batch, taken)
        state = self.ledger.dataset(dataset)
        assert state
        self.ledger.advance(dataset, batch, state.registration)
        if state.lease:
            self.ledger.release(dataset, state.lease.execution)

    def athena_answers(
        self, *pages: Mapping[str, Any], state: str = "SUCCEEDED", **execution: Any
    ) -> Stubber:
        """Let Athena run one more query, which ends in `state` and gives these pages of results."""
        stub = self._athena_stub
        stub.add_response("start_query_execution", {"QueryExecutionId": "q-1"})
        for status in ("RUNNING", state):
            answer = {"Statistics": {"DataScannedInBytes": 1234}, "StatementType": "DML", **execution}
            answer["Status"] = {"State": status, **execution.get("Status", {})}
            stub.add_response("get_query_execution", {"QueryExecution": answer})
        for number, page in enumerate(pages, start=1):
            more = {"NextToken": f"page-{number + 1}"} if number < len(pages) else {}
            stub.add_response("get_query_results", {**page, **more})
        stub.activate()
        return stub

    def function_answers(self, payload: bytes, *, failed: bool = False) -> Stubber:
        """Let the next function that is invoked, after those told of before, answer this."""
        stub = self._functions_stub
        error = {"FunctionError": "Unhandled"} if failed else {}
        stub.add_response("invoke", {"StatusCode": 200, "Payload": _Body(payload), **error})
        stub.activate()
        return stub


class _Body:
    """A streaming body."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self) -> bytes:
        return self._content


def page(
    columns: Mapping[str, str] | Sequence[tuple[str, str]], *rows: Sequence[str | None]
) -> dict[str, Any]:
    """One page of Athena's results: types by column name, texts of the cells."""
    described = list(columns.items()) if isinstance(columns, Mapping) else columns
    return {
        "ResultSet": {
            "ResultSetMetadata": {"ColumnInfo": [{"Name": name, "Type": kind} for name, kind in described]},
            "Rows": [
                {"Data": [{} if cell is None else {"VarCharValue": cell} for cell in row]} for row in rows
            ],
        }
    }


def loaded(landed: LandedObject, rows: int = 3, quarantined: int = 0) -> Finished:
    """An object that was loaded, some of its rows into quarantine."""
    state = ObjectState.LOADED_WITH_REJECTS if quarantined else ObjectState.LOADED
    return Finished(landed, state, "", rows, rows - quarantined, quarantined)
