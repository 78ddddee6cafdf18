"""Plan the refresh of each mart that an update made stale."""

from headrace.runtime import entrypoint
from headrace.steps.plan_refresh import plan_refresh

handler = entrypoint(plan_refresh)
