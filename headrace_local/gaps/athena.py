"""Gap: MiniStack's Athena is plain DuckDB: no Iceberg, no Trino dialect, and wrong answers (7/2 = 3.5).

Here its API is served by our own engine.
"""

from ministack import app

from headrace_local.athena.handler import handle


def close() -> None:
    app.SERVICE_HANDLERS["athena"] = handle
