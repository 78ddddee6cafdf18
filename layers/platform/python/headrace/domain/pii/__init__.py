"""Personal data: what looks like it, and why."""

from headrace.domain.pii.documents import suspect_inside
from headrace.domain.pii.forms import Kind
from headrace.domain.pii.suspicion import Suspicion, suspect

__all__ = ["Kind", "Suspicion", "suspect", "suspect_inside"]
