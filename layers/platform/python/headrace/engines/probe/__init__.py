"""Finds out which sources of a work unit make refining end the process, in processes of their own."""

from headrace.engines.probe.job import Probed, ProbeJob
from headrace.engines.probe.killers import killers
from headrace.engines.probe.run import death

__all__ = ["ProbeJob", "Probed", "death", "killers"]
