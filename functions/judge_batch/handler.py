"""Decide whether a batch is published or rejected."""

from headrace.runtime import entrypoint
from headrace.steps.judge_batch import judge_batch

handler = entrypoint(judge_batch)
