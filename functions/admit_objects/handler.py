"""Admit landed objects into the ledger and wake their datasets."""

from headrace.runtime import entrypoint
from headrace.steps.admit_objects import admit_objects

handler = entrypoint(admit_objects)
