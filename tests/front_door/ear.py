"""Receives every event that Headrace puts on its bus, as another system would."""

import json
from typing import Any

from headrace_cli.deployment import Deployment

_NAME = "everything-told"


class Ear:
    """A rule on the bus and a queue, which keeps what it received; `deployment` changes with a restart."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        events, sqs, bus = deployment.clients.events, deployment.sqs, deployment.stack
        self._queue = sqs.create_queue(QueueName=_NAME)["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        events.put_rule(Name=_NAME, EventBusName=bus, EventPattern=json.dumps({"source": ["headrace"]}))
        arn = found["Attributes"]["QueueArn"]
        events.put_targets(Rule=_NAME, EventBusName=bus, Targets=[{"Id": "ear", "Arn": arn}])

    def heard(self) -> list[tuple[str, dict[str, Any]]]:
        """Detail type and detail of all that came, repetitions too. What was heard is not heard again."""
        heard = []
        while messages := self.deployment.sqs.receive_message(
            QueueUrl=self._queue, MaxNumberOfMessages=10
        ).get("Messages"):
            for message in messages:
                event = json.loads(message["Body"])
                heard.append((event["detail-type"], event["detail"]))
        return heard
