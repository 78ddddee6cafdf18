"""Compile contracts, make their tables, put them in force."""

from headrace.runtime import entrypoint
from headrace.steps.register_dataset import register_dataset

handler = entrypoint(register_dataset)
