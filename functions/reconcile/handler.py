"""Find what events lost: dead executions and objects nobody announced."""

from headrace.runtime import entrypoint
from headrace.steps.reconcile import reconcile

handler = entrypoint(reconcile)
