"""The one checker of invariants I1 to I8: what a deployment holds against what its records promise."""

from headrace_cli.verify.check import verify
from headrace_cli.verify.findings import Verified, Violation
from headrace_cli.verify.outside import Outside
from headrace_cli.verify.place import Place
from headrace_cli.verify.rows import PortRows, RowEvidence, Seen, SeenRows

__all__ = [
    "Outside",
    "Place",
    "PortRows",
    "RowEvidence",
    "Seen",
    "SeenRows",
    "Verified",
    "Violation",
    "verify",
]
