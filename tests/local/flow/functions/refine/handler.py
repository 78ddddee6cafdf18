"""Fails each unit once, and an object that cannot be read for good."""

from typing import Any


class Busy(Exception):
    """Try again."""


class UnreadableObject(Exception):
    """No row of the object can be read."""


def handler(event: dict[str, Any], context: object) -> dict[str, int]:
    if "unreadable" in event["key"]:
        raise UnreadableObject(f"unit {event['unit']} is no CSV")
    if event["retries"] == 0:
        raise Busy(event["unit"])
    return {"rows": event["unit"] * 10}
