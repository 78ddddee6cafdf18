"""Close a batch: audit record, events, terminal states."""

from headrace.runtime import entrypoint
from headrace.steps.close_batch import close_batch

handler = entrypoint(close_batch)
