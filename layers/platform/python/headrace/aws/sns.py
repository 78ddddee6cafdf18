"""Alerts to the operators' SNS topic."""

from typing import TYPE_CHECKING

from headrace.aws.errors import translated

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

_SUBJECT = 100
_MESSAGE = 262_144


class SnsAlerts:
    """Alerts: what SNS would refuse (line breaks in a subject, 256 KiB of message) is cut, not lost."""

    def __init__(self, client: "SNSClient", topic_arn: str) -> None:
        self._client = client
        self._topic_arn = topic_arn

    def alert(self, subject: str, message: str) -> None:
        with translated(f"alert {self._topic_arn}"):
            self._client.publish(
                TopicArn=self._topic_arn,
                Subject=" ".join(subject.split())[:_SUBJECT],
                Message=message.encode()[:_MESSAGE].decode(errors="ignore"),
            )
