"""The stack as `headrace redrive` finds it: the flow's own account, and its queues."""

from typing import TYPE_CHECKING

from headrace_cli.deployment import Deployment, Outputs
from headrace_cli.redrive import Redriven, redrive
from tests.crash_matrix.account import account

if TYPE_CHECKING:
    from tests.crash_matrix.world import Flow


class Stack(Deployment):
    """Its buffer's dead letters are put there by `die`; `sent_back` takes what came to the buffer."""

    def __init__(self, flow: "Flow", machine: str) -> None:
        super().__init__(account().session, "headrace")
        self.clients, self.ledger, self.artefacts = account().clients, flow.ledger, flow.artefacts
        self.sqs = account().sqs
        urls = [
            self.sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("buffer", "dead", "undelivered")
        ]
        self.outputs = Outputs(
            landing_bucket=flow.landing.bucket,
            lake_bucket=flow.lake.bucket,
            artefacts_bucket=flow.artefacts.bucket,
            ledger_table="ledger",
            ingest_state_machine_arn=machine,
            refresh_mart_state_machine_arn=machine,
            replay_state_machine_arn=machine,
            buffer_queue_url=urls[0],
            buffer_dead_letter_queue_url=urls[1],
            undelivered_queue_url=urls[2],
            workgroup="headrace",
            curated_database="curated",
            quarantine_database="quarantine",
            marts_database="marts",
            register_dataset_function="register",
            rebuild_dataset_function="rebuild",
            reconcile_function="reconcile",
        )

    def die(self, body: str) -> None:
        self.sqs.send_message(QueueUrl=self.outputs.buffer_dead_letter_queue_url, MessageBody=body)

    def sent_back(self) -> list[str]:
        buffer, found = self.outputs.buffer_queue_url, []
        while messages := self.sqs.receive_message(QueueUrl=buffer, MaxNumberOfMessages=10).get("Messages"):
            for one in messages:
                self.sqs.delete_message(QueueUrl=buffer, ReceiptHandle=one["ReceiptHandle"])
                found.append(one["Body"])
        return found

    @property
    def dead(self) -> int:
        """Messages in the buffer's dead-letter queue."""
        url = self.outputs.buffer_dead_letter_queue_url
        told = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        hidden = told["ApproximateNumberOfMessagesNotVisible"]
        return int(told["ApproximateNumberOfMessages"]) + int(hidden)


def redrive_buffer(timeout: float, *, stack: Stack) -> Redriven:
    """The command, which waits no longer than `timeout` seconds for what it sent back."""
    return redrive(stack, ("buffer",), timeout=timeout)
