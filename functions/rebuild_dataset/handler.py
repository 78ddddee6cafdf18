"""Make a dataset's tables anew from landing, and swap them in."""

from headrace.runtime import entrypoint
from headrace.steps.rebuild_dataset import rebuild_dataset

handler = entrypoint(rebuild_dataset)
