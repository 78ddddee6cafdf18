"""What a mask leaves of a value: in the table, in `_raw` and in the excerpts of reasons.

`hash` and `tokenise` take the first 16 bytes of SHA-256 over a key of 32 bytes and the text. In `_raw` and
in excerpts, which show what was written, truncated days and times are hidden: they may be none.
"""

import hashlib
from dataclasses import dataclass

from sqlglot import exp

from headrace.domain.errors import EngineFault
from headrace.domain.lookalikes import HIDDEN, masked_columns
from headrace.domain.plan import Column, Date, Json, Mask, Plan, Text, Time, Timestamp, Type
from headrace.engines.sql import E, call, case, cast, is_not_null, joined, number, text

MASKING_KEY = "masking_key"
TOKENISING_KEY = "token_key"
"""The parameters that statements with masks of kind `hash` and `tokenise` take."""

EXCERPT = 100
"""Characters of a value that a reason shows at most."""

_DIGITS = 32
_TOKENISED = "tok_"
_FIRST = 3
_KEPT, _KEPT_IF_LONGER_THAN = 4, 8


@dataclass(frozen=True)
class Masks:
    """The masks with their keys, for values that Python handles."""

    masking_key: bytes
    token_key: bytes

    @property
    def secrets(self) -> dict[str, bytes]:
        return {MASKING_KEY: self.masking_key, TOKENISING_KEY: self.token_key}

    def shown(self, mask: Mask, type_: Type, written: str) -> str:
        """What `_raw` shows of a text: the same as the expression of `shown`."""
        match mask:
            case "hash":
                return _digest(self.masking_key, written)
            case "tokenise":
                return _TOKENISED + _digest(self.token_key, written)
            case "partial":
                kept = _KEPT if len(written) > _KEPT_IF_LONGER_THAN else 0
                return "*" * (len(written) - kept) + written[len(written) - kept :]
            case "truncate" if isinstance(type_, Text | Json):
                return written[:_FIRST]
            case "drop":
                return ""
            case _:
                return HIDDEN


def check_masks(plan: Plan, masks: Masks) -> None:
    """Raises EngineFault where a mask has no key, or none to its type: nothing is written that a mask
    should cover and does not."""
    for one in masked_columns(plan.columns):
        if (one.mask == "hash" and not masks.masking_key) or (one.mask == "tokenise" and not masks.token_key):
            raise EngineFault(f"{one.name} has the mask {one.mask}, and there is no key for it")
        if one.mask == "truncate" and not isinstance(one.type, Text | Json | Date | Time | Timestamp):
            raise EngineFault(f"{one.name} has the mask truncate, which is for texts, days and times")


def shown(mask: Mask | None, type_: Type, written: E) -> E:
    """A text, read for a value of a type, as its column's mask shows it; NULL stays NULL."""
    match mask:
        case None:
            left = written
        case "hash":
            left = _hashed(MASKING_KEY, written)
        case "tokenise":
            left = joined(text(_TOKENISED), _hashed(TOKENISING_KEY, written))
        case "partial":
            left = _partial(written)
        case "truncate" if isinstance(type_, Text | Json):
            left = exp.Left(this=written, expression=number(_FIRST))
        case "drop":
            left = text("")
        case _:
            left = case((is_not_null(written), text(HIDDEN)))
    return left


def excerpt(mask: Mask | None, type_: Type, written: E) -> E:
    """What a reason shows of a value."""
    cut = exp.Left(this=shown(mask, type_, written), expression=number(EXCERPT))
    return exp.Coalesce(this=cut, expressions=[text("")])


def published(one: Column, value: E) -> E:
    """A scalar column's value, of its type, as the table has it."""
    if one.mask is None:
        return value
    if one.mask != "truncate":
        return shown(one.mask, one.type, cast(value, "TEXT"))
    match one.type:
        case Date():
            return cast(call("DATE_TRUNC", text("year"), value), "DATE")
        case Timestamp():
            return call("DATE_TRUNC", text("year"), value)
        case Time():
            return joined(exp.Left(this=value, expression=number(2)), text(":00:00"))
        case _:
            return exp.Left(this=value, expression=number(_FIRST))


def _digest(key: bytes, written: str) -> str:
    return hashlib.sha256(key + written.encode()).hexdigest()[:_DIGITS]


def _hashed(key: str, written: E) -> E:
    encoded = exp.Encode(this=written, charset=text("utf-8"))
    digest = exp.SHA2(this=joined(exp.Placeholder(this=key), encoded), length=number(256))
    return exp.Left(this=digest, expression=number(_DIGITS))


def _partial(written: E) -> E:
    length = exp.Length(this=written)
    hidden = exp.Sub(this=length, expression=number(_KEPT))
    return case(
        (exp.GT(this=length, expression=number(_KEPT_IF_LONGER_THAN)),
         joined(exp.Repeat(this=text("*"), times=hidden), exp.Right(this=written, expression=number(_KEPT)))),
        default=exp.Repeat(this=text("*"), times=length),
    )  # fmt: skip
