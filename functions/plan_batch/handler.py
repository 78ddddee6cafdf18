"""Turn all that waits for a dataset into its next batch."""

from headrace.runtime import entrypoint
from headrace.steps.plan_batch import plan_batch

handler = entrypoint(plan_batch)
