"""Choose what is replayed, and admit it as requests."""

from headrace.runtime import entrypoint
from headrace.steps.plan_replay import plan_replay

handler = entrypoint(plan_replay)
