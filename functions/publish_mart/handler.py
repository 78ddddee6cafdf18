"""Swap a computed mart's files in, in one commit."""

from headrace.runtime import entrypoint
from headrace.steps.publish_mart import publish_mart

handler = entrypoint(publish_mart)
