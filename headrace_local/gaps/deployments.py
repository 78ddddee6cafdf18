"""Gap: a deployment does not reach the functions that are warm.

On AWS the platform comes in a layer, and a new one means new environments. Here functions import it from the
project, which MiniStack does not see change: a warm function would run yesterday's code for ever. Now the
change set with which each deployment begins retires the workers, busy ones as soon as they are done.
"""

import asyncio
from typing import Any

from ministack import app
from ministack.core import lambda_runtime
from ministack.services import lambda_svc


def close() -> None:
    handle, release = app.SERVICE_HANDLERS["cloudformation"], lambda_runtime.release_worker

    async def handle_and_retire(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        if b"Action=CreateChangeSet" in body:
            await asyncio.to_thread(_retire_all)
        return await handle(method, path, headers, body, query)

    def release_or_end(worker: Any) -> None:
        release(worker)
        if worker is not None and not _is_pooled(worker):
            lambda_runtime.kill_workers([worker])

    app.SERVICE_HANDLERS["cloudformation"] = handle_and_retire
    lambda_svc.release_worker = release_or_end


def _retire_all() -> None:
    with lambda_runtime._lock:
        workers = [worker for pool in lambda_runtime._workers.values() for worker in pool]
        lambda_runtime._workers.clear()
        idle = [worker for worker in workers if not worker.in_use]
    lambda_runtime.kill_workers(idle)


def _is_pooled(worker: Any) -> bool:
    with lambda_runtime._lock:
        return any(worker in pool for pool in lambda_runtime._workers.values())
