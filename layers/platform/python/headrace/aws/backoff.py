"""Patience with what a service asks for again: conflicts and leftovers that botocore does not retry."""

import random
import time
from collections.abc import Iterator

from headrace.domain.errors import Throttled


def backoff(doing: str, tries: int = 10, first: float = 0.02, longest: float = 2.0) -> Iterator[None]:
    """Waits, longer each time, on every `next` (seconds); after `tries` it raises Throttled."""
    for attempt in range(tries):
        time.sleep(random.uniform(0, min(longest, first * 2**attempt)))  # noqa: S311 - only spreads load
        yield
    raise Throttled(f"{doing}: gave up after {tries} tries")
