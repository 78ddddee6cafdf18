"""Gap: MiniStack writes its state when it is stopped, and a crash or SIGKILL would lose all of it but S3.

Here it is written while it runs: shortly after requests came in, and now and then when none did, because
executions also move on by themselves. Each service is copied on the event loop, where requests are served,
so that its copy is of one moment. The services follow each other, in an order that makes what a crash
leaves safe to go on from. Queues come first: a message that was already consumed is delivered again, and
none is lost. The ledger comes before the catalog: a table is never older than what the ledger says of it.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, Scope
from ministack import app
from ministack.core import persistence

_INTERVAL_S = 2.0
_IDLE_INTERVAL_S = 30.0
_LARGEST_SHARE = 0.05  # of the time may go into snapshots
_ATTEMPTS = 5
_FIRST, _LAST = ("sqs",), ("dynamodb", "glue")

_log = logging.getLogger("headrace.laptop")


class Snapshots:
    """An ASGI application around MiniStack's that keeps its state on disk."""

    def __init__(self, inner: ASGIFramework) -> None:
        self._inner = inner
        self._touched = False

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] == "http":
            self._touched = True
        await self._inner(scope, receive, send)

    async def keep(self) -> None:
        """Write snapshots until cancelled."""
        logging.getLogger("persistence").setLevel(logging.WARNING)
        written, pause = time.monotonic(), _INTERVAL_S
        while True:
            await asyncio.sleep(pause)
            if not self._touched and time.monotonic() - written < _IDLE_INTERVAL_S:
                continue
            self._touched = False
            started = time.monotonic()
            await write()
            written = time.monotonic()
            pause = max(_INTERVAL_S, (written - started) / _LARGEST_SHARE)


async def write() -> None:
    """Write the state of every service that is loaded, one after the other."""
    services = app._build_persistence_save_dict()
    for name in _in_order(services):
        state = _copied(name, services[name])
        if state is not None:
            await asyncio.to_thread(persistence.save_state, name, state)


def _copied(name: str, copy: Callable[[], dict[str, Any] | None]) -> dict[str, Any] | None:
    for _ in range(_ATTEMPTS):
        try:
            return copy()
        except RuntimeError:  # a thread changed a dictionary while it was copied
            continue
        except Exception:  # noqa: BLE001 one service's fault must not end the snapshots of the others
            _log.exception("%s could not be copied; its last snapshot stays", name)
            return None
    _log.warning("%s changed too fast to be copied; its last snapshot stays", name)
    return None


def _in_order(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: (name in _LAST, name not in _FIRST, name))
