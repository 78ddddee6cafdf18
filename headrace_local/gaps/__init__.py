"""Where MiniStack 1.5.33 does otherwise than AWS in what Headrace needs, closed: one module a gap.

Importing this package imports MiniStack, which reads its settings from the environment as it is imported.
"""

from headrace_local.gaps import (
    athena,
    athena_sync,
    batches,
    cold_starts,
    concurrency,
    definitions,
    deployments,
    executions,
    glue,
    lambda_errors,
    ledger_writes,
    put_events,
    queue_urls,
    queue_writes,
    restarts,
    s3_events,
    terminal_errors,
)


def close_all(*, slots: int) -> None:
    """Close every gap in this process, which runs at most `slots` functions at once."""
    athena.close()
    athena_sync.close()
    batches.close()
    cold_starts.close()
    concurrency.close(slots)
    definitions.close()
    deployments.close()
    executions.close()
    glue.close()
    lambda_errors.close()
    ledger_writes.close()
    put_events.close()
    queue_urls.close()
    queue_writes.close()
    restarts.close()
    s3_events.close()
    terminal_errors.close()
