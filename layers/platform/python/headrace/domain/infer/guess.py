"""What a contract should say of each field, by what a sample shows of it.

A rule that would refuse tomorrow's good row is worse than none: bounds, rare values and names that only
sound like keys are told in a remark, for a person to decide on.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from headrace.domain.contract.rules import TEXT_FORMATS
from headrace.domain.infer.forms import AMBIGUOUS, NO_VALUES, Form, form_of, number_form, temporal_form
from headrace.domain.infer.naming import free_name
from headrace.domain.infer.seen import Seen
from headrace.domain.pii import Kind, suspect
from headrace.domain.plan import Mask


class Guess(Struct, frozen=True):
    """A property of the contract, and why it is as it is.

    `children` are an object's properties and `items` an array's; without them both are kept as JSON.
    """

    name: str
    source: str
    form: Form
    remark: str
    required: bool = False
    unique: bool = False
    primary: bool = False
    enum: tuple[str, ...] = ()
    children: "tuple[Guess, ...]" = ()
    items: "Guess | None" = None
    mask: Mask | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """Headrace's own settings of the column."""
        said: dict[str, Any] = {"headrace.mask": self.mask} if self.mask else {}
        if self.form.true:
            said |= {"headrace.true": [self.form.true], "headrace.false": [self.form.false]}
        return said


class Sampled(Struct, frozen=True):
    """The facts of a sample that guesses rest on: its rows, whether those are all there are, and whether
    every value had a type where it came from (JSON), or was text (CSV)."""

    rows: int
    whole: bool
    typed: bool


_MASKS: dict[Kind, Mask] = {
    "email": "hash",
    "phone": "partial",
    "card": "partial",
    "iban": "partial",
    "ip": "hash",
    "mac": "hash",
    "national_id": "tokenise",
    "person_name": "redact",
    "username": "hash",
    "address": "redact",
    "birth_date": "truncate",
}
"""What a kind of personal data is still good for, once it is masked."""

_DEEPEST = 12
_KEY_NAME = re.compile(r"id|uuid|guid|key|code|.+_(?:id|uuid|guid|key|code|number|no)")
_IDENTITY = re.compile(r"id|uuid|guid|key")
_LATITUDE, _LONGITUDE = (
    re.compile(rf"(?:^|_){word}(?:_|$)") for word in ("lat(?:itude)?", "(?:lon|lng|longitude)")
)
_DATA_NAME = re.compile(r"[0-9]+|[0-9A-Fa-f]{8}-[0-9A-Fa-f-]{27}|[0-9]{4}-[0-9]{2}-[0-9]{2}.*")
_MOST_MEMBERS = 50
_ENUM_ROWS, _ENUM_VALUES, _ENUM_LENGTH, _ENUM_LEAST = 100, 12, 40, 3
_FORMAT_VALUES = 10
_KEY_ROWS = 2
_SHOWN = 5
_SUSPECTED = 1_000


def guess_columns(record: Seen, sampled: Sampled) -> tuple[Guess, ...]:
    """The columns of a table whose records are `record`, with its primary key if one is evident."""
    columns = _Guesses(sampled).members(record, "rows")
    primary = _primary_key(columns)
    return tuple(_as_key(one, primary=one is primary) if one.unique else one for one in columns)


def _as_key(one: Guess, *, primary: bool) -> Guess:
    said = "taken for the primary key" if primary else "taken for unique"
    return replace(
        one, unique=not primary, primary=primary, remark=f"{one.remark}; {said}, to judge by the name"
    )


class _Guesses:
    """Guesses by one sample; `depth` counts the objects and arrays that a field stands in."""

    def __init__(self, sampled: Sampled) -> None:
        self._sampled = sampled

    def members(self, owner: Seen, unit: str, depth: int = 0) -> tuple[Guess, ...]:
        """A guess for each field of an object; one without a name cannot be told, and is rescued."""
        guesses: dict[str, Guess] = {}
        for position, (source, seen) in enumerate(owner.members.items(), 1):
            if source:
                name = free_name(source, guesses, position)
                one = self._field(seen, name, source, _held(seen, owner.objects, unit), depth)
                if depth == 0:
                    one = replace(one, required=seen.present == owner.objects)
                    one = _with_rules(one, seen.spellings, self._sampled)
                guesses[name] = one
        return tuple(guesses.values())

    def _field(self, seen: Seen, name: str, source: str, held: str, depth: int) -> Guess:
        if seen.lists or seen.objects:
            return self._nested(seen, name, source, held, depth)
        form = self._scalar(seen, name)
        values = seen.spellings
        suspicion = suspect(name, list(islice(values, _SUSPECTED)))
        if suspicion and values:
            mask = _mask(suspicion.kind, form)
            why = f"{held}; PERSONAL? {suspicion.why}; headrace.mask: none leaves it as it is"
            return Guess(name, source, replace(form, why=""), why, mask=mask)
        return Guess(name, source, form, _remark(held, form, values))

    def _scalar(self, seen: Seen, name: str) -> Form:
        if not self._sampled.typed:
            return form_of(seen.spellings.keys(), name)
        kinds = [kind for kind in (seen.texts, seen.numbers, seen.booleans) if kind]
        if len(kinds) > 1:
            return Form("string", "values of several types, kept as text")
        if seen.booleans:
            return Form("boolean")
        if seen.numbers:
            return number_form(seen.numbers.keys(), name)
        if not seen.texts:
            return form_of((), name)
        return temporal_form(seen.texts.keys(), name) or Form("string")

    def _nested(self, seen: Seen, name: str, source: str, held: str, depth: int) -> Guess:
        """An object or an array; as JSON where what is inside has no one shape."""
        scalars = seen.present - seen.lists - seen.objects
        why = _shapeless(seen, deep=depth >= _DEEPEST, mixed=bool(scalars or (seen.lists and seen.objects)))
        if why:
            kind = "array" if seen.lists == seen.present else "object"
            return Guess(name, source, Form(kind), f"{held}; {why}: kept as JSON")
        if seen.objects:
            children = self.members(seen, "objects", depth + 1)
            return Guess(name, source, Form("object"), held, children=children)
        total = seen.items.present + seen.items.nulls
        items = self._field(seen.items, name, "", _held(seen.items, total, "items"), depth + 1)
        longest = f"{held}; at most {seen.longest:,} items"
        if items.mask:  # a mask is for a column: all that it holds
            return Guess(
                name, source, Form("array"), items.remark, items=replace(items, mask=None), mask="redact"
            )
        return Guess(name, source, Form("array"), longest, items=items)


def _held(seen: Seen, total: int, unit: str) -> str:
    return f"in all {total:,} {unit}" if seen.present == total else f"in {seen.present:,} of {total:,} {unit}"


def _mask(kind: Kind, form: Form) -> Mask:
    mask = _MASKS[kind]
    return "redact" if mask == "truncate" and form.logical not in ("date", "timestamp") else mask


def _shapeless(seen: Seen, *, deep: bool, mixed: bool) -> str:
    """Why what is inside has no one shape; empty where it has."""
    if mixed:
        return "values of several shapes"
    if deep:
        return "deep inside"
    if seen.lists:
        return "" if seen.items.present else "no items in the sample"
    if _is_mapping(seen):
        return "names that look like data"
    return "" if any(seen.members) else "no fields in the sample"


def _is_mapping(seen: Seen) -> bool:
    """Whether an object's names are data themselves, such as ids: no contract lists them."""
    names = seen.members
    if len(names) >= 2 and all(_DATA_NAME.fullmatch(name) for name in names):
        return True
    present = sum(one.present + one.nulls for one in names.values())
    return len(names) > _MOST_MEMBERS and present < len(names) * seen.objects / 4


def _remark(held: str, form: Form, values: Counter[str]) -> str:
    """Why the type; then how many values there are, and which, where they are few and short."""
    parts = [held]
    if form.logical == "string" and values:
        lengths = [len(value) for value in values]
        least, most = min(lengths), max(lengths)
        parts += [form.why] if form.why else []
        parts.append(f"{least:,} to {most:,} characters" if least < most else f"{most:,} characters each")
    elif form.why:
        parts.append(form.why)
    if len(values) == 1 and form.logical != "boolean":
        (value,) = values
        parts.append(f"always {value}" if len(value) <= 20 else "always the same")
    elif len(values) > 1 and len(values) == values.total():
        parts.append("all different")
    elif form.logical in ("string", "integer") and values:
        few = len(values) <= _SHOWN and all(len(value) <= 20 for value in values)
        listed = ": " + ", ".join(sorted(values)) if few and form.logical == "string" else ""
        parts.append(f"{len(values):,} different{listed}")
    return "; ".join(parts)


def _with_rules(one: Guess, values: Counter[str], sampled: Sampled) -> Guess:
    """The guess with those rules that its values make evident."""
    if not values:
        return one
    whole = one.required and len(values) == sampled.rows >= _KEY_ROWS
    if whole and one.form.logical in ("string", "integer") and _KEY_NAME.fullmatch(one.name):
        one = replace(one, unique=True)
    for pattern, bound in ((_LATITUDE, 90), (_LONGITUDE, 180)):
        if one.form.logical == "number" and pattern.search(one.name) and _within(values, bound):
            options = {**one.form.options, "minimum": -bound, "maximum": bound}
            one = replace(one, form=replace(one.form, options=options))
    if one.form.logical != "string" or one.form.why:
        return one
    named = _text_format(values)
    if named:
        return replace(
            one, form=replace(one.form, options={"format": named}), remark=f"{one.remark}; all are {named}s"
        )
    if not one.mask and _is_enum(values, sampled):
        return replace(
            one,
            enum=tuple(sorted(values)),
            remark=f"{one.remark}; each comes often: no others are let through",
        )
    return one


def _within(values: Iterable[str], bound: int) -> bool:
    return all(abs(float(value)) <= bound for value in values)


def _text_format(values: Counter[str]) -> str:
    if len(values) < _FORMAT_VALUES:
        return ""
    for name in ("uuid", "email", "ipv4", "uri"):
        shape = re.compile(TEXT_FORMATS[name])
        if all(shape.fullmatch(value) and (name != "uri" or "://" in value) for value in values):
            return name
    return ""


def _is_enum(values: Counter[str], sampled: Sampled) -> bool:
    """Few short words, each of them often, in a sample that was not cut off: what has digits, such as
    versions, goes on."""
    return (
        sampled.whole
        and values.total() >= _ENUM_ROWS
        and 1 < len(values) <= _ENUM_VALUES
        and min(values.values()) >= _ENUM_LEAST
        and not any(len(value) > _ENUM_LENGTH or any(map(str.isdigit, value)) for value in values)
    )


def _primary_key(columns: Sequence[Guess]) -> Guess | None:
    """The column that identifies a row: called `id` or the like, else the first of those that could be."""
    unique = [one for one in columns if one.unique]
    return next((one for one in unique if _IDENTITY.fullmatch(one.name)), next(iter(unique), None))


# ── what several columns or the engine show ──────────────────────────────────────────────────────


def spelled_nulls(record: Seen, *, typed: bool) -> tuple[str, ...]:
    """The texts that stand for no value: those that alone keep some column from being numbers, days or
    booleans (days only, where values are `typed`), and that mean nothing else in any other."""
    adopted: dict[str, None] = {}
    texts: list[Seen] = []
    for position, (source, seen) in enumerate(record.members.items(), 1):
        found = NO_VALUES & seen.texts.keys()
        rest = seen.spellings.keys() - found
        if rest and _is_text(rest, free_name(source, (), position), typed=typed):
            texts.append(seen)
        elif rest:
            adopted |= dict.fromkeys(sorted(found))
    meant = {text for text in AMBIGUOUS & adopted.keys() if text and any(text in one.texts for one in texts)}
    return tuple(text for text in adopted if text not in meant)


def _is_text(texts: Collection[str], name: str, *, typed: bool) -> bool:
    return temporal_form(texts, name) is None if typed else form_of(texts, name).logical == "string"


def weakened(columns: Sequence[Guess], broken: Mapping[str, Iterable[str]]) -> tuple[Guess, ...]:
    """The guesses without what a trial run broke: rules by the path of a column, as reasons name them."""
    return tuple(_weaker(one, one.name, broken) for one in columns)


def _weaker(one: Guess, path: str, broken: Mapping[str, Iterable[str]]) -> Guess:
    rules = set(broken.get(path, ()))
    keys = {rule for columns, all_ in broken.items() if one.name in columns.split(", ") for rule in all_}
    one = replace(
        one,
        required=one.required and "required" not in rules,
        unique=one.unique and not keys & {"unique", "primary_key"},
        primary=one.primary and not keys & {"unique", "primary_key"},
        children=tuple(_weaker(child, f"{path}.{child.name}", broken) for child in one.children),
        items=one.items and _weaker(one.items, f"{path}.element", broken),
    )
    others = rules - {"required", "unique", "primary_key"}
    if not others:
        return one
    if "type" in others:
        nested = one.form.logical in ("array", "object")
        form = Form("object" if nested else "string", "values of several kinds")
        return replace(one, form=form, children=(), items=None, enum=(), unique=False, primary=False)
    kept: dict[str, Any] = {
        key: value for key, value in one.form.options.items() if one.form.logical != "string"
    }
    kept = {key: value for key, value in kept.items() if key == "format"}
    return replace(one, form=replace(one.form, options=kept), enum=())
