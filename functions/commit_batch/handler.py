"""Commit a batch to its tables, exactly once."""

from headrace.runtime import entrypoint
from headrace.steps.commit_batch import commit_batch

handler = entrypoint(commit_batch)
