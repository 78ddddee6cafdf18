"""Hold what a replay would give against what stands."""

from headrace.runtime import entrypoint
from headrace.steps.compare_replay import compare_replay

handler = entrypoint(compare_replay)
