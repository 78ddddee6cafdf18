"""Where MiniStack 1.5.33 does otherwise than AWS in what Headrace needs, closed: one module a gap.

Importing this package imports MiniStack, which reads its settings from the environment as it is imported.
"""

from headrace_local.gaps import (
    athena_sync,
    batches,
    concurrency,
    definitions,
    executions,
    lambda_errors,
    ledger_writes,
    put_events,
    queue_writes,
    s3_events,
    terminal_errors,
)


def close_all(*, slots: int) -> None:
    """Close every gap in this process, which runs at most `slots` functions at once."""
    athena_sync.close()
    batches.close()
    concurrency.close(slots)
    definitions.close()
    executions.close()
    lambda_errors.close()
    ledger_writes.close()
    put_events.close()
    queue_writes.close()
    s3_events.close()
    terminal_errors.close()
