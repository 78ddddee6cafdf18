"""Parse, validate, mask and split one work unit."""

from headrace.runtime import entrypoint
from headrace.steps.refine_unit import refine_unit

handler = entrypoint(refine_unit)
