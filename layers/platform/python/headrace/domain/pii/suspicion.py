"""Judges from a column's name and a sample of its values whether they are personal data."""

import re
from collections.abc import Sequence

from msgspec import Struct

from headrace.domain.pii.forms import FORMS, LABELS, Form, Kind, loose
from headrace.domain.pii.names import kind_of_name

_SAMPLED = 300
_LONGEST = 300
_NAMED_SHARE = 0.6
"""How many values must look like what the column's name says."""


class Suspicion(Struct, frozen=True):
    """Why a column looks personal: `share` (0 to 1) of its sampled values look like `kind`.

    `why` is a clause for people, without a value: "62 % of 300 sampled values are e-mail addresses".
    """

    kind: Kind
    share: float
    why: str


def suspect(name: str, values: Sequence[str]) -> Suspicion | None:
    """What personal data the column `name` seems to hold; None where nothing speaks for it.

    `values` are its values as text, or a sample of them: the first 300 different ones are looked at.
    Without values the name alone decides. Precision comes first: numbers count as identity numbers only
    where nearly all pass the check digits, and too many to do so by chance.
    """
    sample = list(dict.fromkeys(value.strip()[:_LONGEST] for value in values if value.strip()))[:_SAMPLED]
    named = kind_of_name(name)
    if not sample:
        return Suspicion(named, 0.0, f"its name says {LABELS[named]}") if named else None
    if named and (share := _share(loose(named), sample)) >= _NAMED_SHARE:
        looks = f"{share:.0%} of {len(sample)} sampled values look like it"
        return Suspicion(named, share, f"its name says {LABELS[named]}, and {looks}")
    return next(filter(None, (_by_form(form, sample) for form in FORMS)), None)


def _share(shape: re.Pattern[str], sample: Sequence[str]) -> float:
    return sum(1 for value in sample if shape.fullmatch(value)) / len(sample)


def _by_form(form: Form, sample: Sequence[str]) -> Suspicion | None:
    misfits, bearable = 0, int(len(sample) * (1 - form.share))
    for value in sample:
        if not form.fits(value):
            misfits += 1
            if misfits > bearable:
                return None
    fitting = len(sample) - misfits
    if fitting < form.least:
        return None
    share = fitting / len(sample)
    return Suspicion(form.kind, share, f"{share:.0%} of {len(sample)} sampled values are {form.label}")
