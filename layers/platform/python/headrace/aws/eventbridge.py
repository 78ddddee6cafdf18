"""Events on the EventBridge bus."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from headrace.aws.errors import domain_error, translated

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient


class EventBridgeBus:
    """EventBus: PutEvents answers 200 for an event that it did not take, so each entry's own code is read."""

    def __init__(self, client: "EventBridgeClient", bus: str) -> None:
        self._client = client
        self._bus = bus

    def publish(self, detail_type: str, detail: Mapping[str, object]) -> None:
        doing = f"publish {detail_type!r} on bus {self._bus}"
        with translated(doing):
            reply = self._client.put_events(
                Entries=[
                    {
                        "Source": "headrace",
                        "DetailType": detail_type,
                        "Detail": msgspec.json.encode(detail).decode(),
                        "EventBusName": self._bus,
                    }
                ]
            )
        for entry in reply["Entries"]:
            if code := entry.get("ErrorCode"):
                raise domain_error(doing, code, entry.get("ErrorMessage", ""))
