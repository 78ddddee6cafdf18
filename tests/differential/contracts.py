"""Contracts and files that hypothesis makes up: every type, rule, mask and format that Spark renders."""

import csv
import io
import json
import random
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st
from msgspec.structs import replace

from headrace.domain.formats import Csv, Format, JsonDocument, Ndjson, Parquet
from headrace.domain.plan import (
    Array,
    Boolean,
    Check,
    Column,
    Date,
    Decimal,
    Double,
    Fields,
    Integer,
    Items,
    Json,
    Key,
    Length,
    Mask,
    MultipleOf,
    NoneOf,
    Object,
    OneOf,
    Pattern,
    Plan,
    Range,
    Rule,
    Text,
    Time,
    Timestamp,
    Type,
)
from tests.differential.values import FORMATS, json_values, texts
from tests.engines.unit import plan

_POOL = 16
_FORMATS: list[Format] = [
    *(Csv(), Csv(";", "'", escape="'"), Csv(nulls=("", "a")), Ndjson(), JsonDocument(), Parquet())
]
_ZONES = ("UTC", "America/New_York", "Europe/Paris", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia")
_TIMES = tuple(f for f in FORMATS if "%H" in f or "%I" in f)
_CLOCKS = ("%H:%M", "%I:%M:%S %p", "%H%M%S", "%H.%M.%S.%f")


@dataclass(frozen=True)
class Case:
    """A contract, the values that each of its columns takes, and the file that mixes them."""

    plan: Plan
    rows: list[dict[str, Any]]

    @property
    def files(self) -> dict[str, bytes]:
        format_ = self.plan.formats[0]
        return {f"f.{_SUFFIXES[type(format_)]}": written(format_, self.rows)}

    def only(self, at: int, names: frozenset[str]) -> "Case":
        """One row, and the columns of these names."""
        columns = tuple(one for one in self.plan.columns if one.name in names)
        keys = tuple(key for key in self.plan.keys if names.issuperset(key.columns))
        sources = {one.source for one in columns}
        row = {name: value for name, value in self.rows[at].items() if name in sources}
        checks = self.plan.checks if columns == self.plan.columns else ()
        return Case(replace(self.plan, columns=columns, keys=keys, checks=checks), [row])


_SUFFIXES: dict[type[Format], str] = {Csv: "csv", Ndjson: "ndjson", JsonDocument: "json", Parquet: "parquet"}


def types(*, nested: bool = True) -> st.SearchStrategy[Type]:
    scalars: st.SearchStrategy[Type] = st.one_of(
        st.just(Text()),
        st.sampled_from([Integer(32), Integer(64)]),
        st.just(Double()),
        st.integers(1, 38).flatmap(lambda p: st.builds(Decimal, st.just(p), st.integers(0, p))),
        st.sampled_from([Boolean(), Boolean(("oui", "İ", "1"), ("non", "\u03bd\u03b1\u03c3", "0"))]),
        st.builds(Time, st.just("") | st.sampled_from(_CLOCKS)),
        st.builds(Date, st.just("") | st.sampled_from([f for f in FORMATS if f not in _TIMES])),
        st.builds(Timestamp, st.just("") | st.sampled_from(FORMATS), st.sampled_from(_ZONES)),
    )
    if not nested:
        return scalars
    return scalars | scalars | scalars | _nested(scalars)


def _nested(scalars: st.SearchStrategy[Type]) -> st.SearchStrategy[Type]:
    inner = st.recursive(scalars, lambda deeper: st.builds(Array, deeper) | _objects(deeper), max_leaves=3)
    return st.just(Json()) | st.builds(Array, inner) | _objects(inner)


def _objects(inner: st.SearchStrategy[Type]) -> st.SearchStrategy[Type]:
    fields = st.lists(inner.flatmap(_inner_columns), min_size=1, max_size=2)
    return fields.map(
        lambda found: Object(
            tuple(replace(one, name=f"f{at}", source=f"F{at}") for at, one in enumerate(found))
        )
    )


def _inner_columns(type_: Type) -> st.SearchStrategy[Column]:
    masks = st.sampled_from([None, None, None, None, None, *_masks(type_)])
    required = st.sampled_from([False, False, False, True])
    return st.builds(
        Column, st.just(""), st.just(""), st.just(type_), required, rules=rules(type_), mask=masks
    )


def _masks(type_: Type) -> list[Mask]:
    every: list[Mask] = ["hash", "tokenise", "redact", "partial", "drop"]
    return [*every, "truncate"] if isinstance(type_, Text | Json | Date | Time | Timestamp) else every


_CHARACTERS = st.sampled_from(
    ["a", "k", "Z", "0", "_", " ", "é", "ς", r"\.", r"\x{212A}", r"\n", r"\x41", "-", "😀"]
)
_CLASSES = st.sampled_from(
    [
        *("[a-z]", "[^a-z]", r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", ".", r"\p{L}", r"\P{Lu}", r"\pN"),
        *(r"[\w.]", "[[:alpha:]é]", r"[^\s,]", "[]a]", r"[\-k]"),
    ]
)
_EDGES = st.sampled_from(["^", "$", r"\b", r"\B", "(?i)", "(?s)", "(?i:k)", "(?s:.)", "()"])
_REPEATS = st.sampled_from(["", "", "", "*", "+", "?", "{1,3}", "{2}", "+?"])
_ATOMS = st.builds("".join, st.tuples(_CHARACTERS | _CLASSES | _CLASSES, _REPEATS)) | _EDGES
_GROUPS = st.builds(lambda a, b, r: f"({a}|{b}){r}", _ATOMS, _ATOMS, st.sampled_from(["", "*", "+", "{0,2}"]))
PATTERNS = st.lists(_ATOMS | _ATOMS | _GROUPS, min_size=1, max_size=4).map("".join)


def rules(type_: Type) -> st.SearchStrategy[tuple[Rule, ...]]:
    """No rule, or a few that go with the type."""
    least, most = st.none() | st.integers(0, 2), st.none() | st.integers(1, 4)
    ranges = st.builds(
        Range, st.none() | _bounds(type_), st.none() | _bounds(type_), st.booleans(), st.booleans()
    )
    chosen: st.SearchStrategy[Rule]
    multiples = st.builds(MultipleOf, st.sampled_from(["1", "3", "0.5", "0.01", "12.5"]))
    match type_:
        case Text():
            words = st.lists(st.text("abk0 ", max_size=3), min_size=1, max_size=4).map(tuple)
            lengths = st.builds(Length, least, st.none() | st.integers(2, 12))
            chosen = (
                st.builds(Pattern, PATTERNS) | lengths | st.builds(OneOf, words) | st.builds(NoneOf, words)
            )
        case Integer():
            some = st.lists(st.integers(-3, 999).map(str), min_size=1, max_size=4).map(tuple)
            chosen = ranges | st.builds(OneOf, some) | st.builds(NoneOf, some) | multiples
        case Decimal() | Double():
            chosen = ranges | multiples | st.builds(NoneOf, st.just(("0", "1", "0.0", "1e+16", "5", "5.0")))
        case Date() | Time() | Timestamp():
            chosen = ranges
        case Array():
            chosen = st.builds(Items, least, most, st.booleans())
        case Json():
            chosen = st.builds(Fields, least, most)
        case _:
            return st.just(())
    return st.just(()) | st.lists(chosen, max_size=2).map(tuple)


def _bounds(type_: Type) -> st.SearchStrategy[str]:
    if isinstance(type_, Date):
        return st.dates().map(str)
    if isinstance(type_, Timestamp):
        return st.datetimes().map(lambda moment: moment.isoformat())
    if isinstance(type_, Time):
        return st.times().map(lambda time: time.isoformat())
    if isinstance(type_, Integer):
        return st.integers(-(10**20), 10**20).map(str) | st.integers(-5, 100).map(str)
    return st.decimals(-1000, 1000, places=4).map(lambda bound: format(bound, "f"))


@st.composite
def columns(draw: st.DrawFn, at: int) -> Column:
    type_ = draw(types())
    mask = draw(st.sampled_from([*[None] * 12, *_masks(type_)]))
    required = draw(st.sampled_from([False, False, False, True]))
    return Column(f"c{at}", f"C {at}", type_, required, draw(rules(type_)), mask)


@st.composite
def cases(draw: st.DrawFn, rows: int) -> Case:
    """A contract of one to four columns with a file of so many rows."""
    made = tuple(draw(columns(at)) for at in range(draw(st.integers(1, 4))))
    format_ = draw(st.sampled_from(_FORMATS))
    flat = [one.name for one in made if not isinstance(one.type, Array | Object | Json)]
    keys = [Key(tuple(draw(st.permutations(flat))[: draw(st.integers(1, 2))]))] if flat else []
    keys = keys if draw(st.booleans()) else []
    evolution = draw(st.sampled_from(["rescue", "rescue", "freeze"]))
    the_plan = plan(
        *made, formats=(format_,), keys=tuple(keys), evolution=evolution, checks=draw(_row_checks(made))
    )
    pools = {one.source: draw(_pool(format_, one.type)) for one in made}
    if draw(st.booleans()) and (evolution == "rescue" or isinstance(format_, Ndjson | JsonDocument)):
        pools[draw(st.sampled_from(["unknown", "c0", 'C"0']))] = [None, "1", "x"]
    chance = random.Random(draw(st.integers(0, 2**32)))
    mixed = [{name: chance.choice(pool) for name, pool in pools.items()} for _ in range(rows)]
    return Case(the_plan, mixed)


def _row_checks(columns: tuple[Column, ...]) -> st.SearchStrategy[tuple[Check, ...]]:
    """At most one rule on rows as a whole."""
    numbers = [one.name for one in columns if isinstance(one.type, Integer | Decimal | Double)]
    words = [one.name for one in columns if isinstance(one.type, Text)]
    predicates = [
        f"{one} <= {other} OR {one} IN (1, 2)" for one in numbers for other in numbers if one != other
    ]
    predicates += [f"{one} IS NOT NULL AND length({one}) < 9" for one in words]
    predicates += [f"coalesce({one}, 1) BETWEEN 0 AND 100" for one in numbers]
    checks = st.just(()) | st.sampled_from(predicates).map(lambda predicate: (Check("holds", predicate),))
    return checks if predicates else st.just(())


def _pool(format_: Format, type_: Type) -> st.SearchStrategy[list[Any]]:
    nested = isinstance(type_, Array | Object | Json)
    if isinstance(format_, Ndjson | JsonDocument):
        values: st.SearchStrategy[Any] = json_values(type_)
    else:
        values = json_values(type_).map(json.dumps) if nested else texts(type_)
        values = values | values | values | values | st.none()
    return st.lists(values, min_size=_POOL // 2, max_size=_POOL)


def written(format_: Format, rows: list[dict[str, Any]]) -> bytes:
    """The rows as a file."""
    names = list(rows[0])
    match format_:
        case Csv(delimiter=delimiter, quote=quote):
            text = io.StringIO()
            writer = csv.writer(
                text, delimiter=delimiter, quotechar=quote, quoting=csv.QUOTE_ALL, lineterminator="\n"
            )
            writer.writerow(names)
            writer.writerows(row.values() for row in rows)
            return text.getvalue().encode()
        case Parquet():
            body = io.BytesIO()
            pq.write_table(
                pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in names}), body
            )
            return body.getvalue()
        case Ndjson():
            return "\n".join(
                json.dumps(row, ensure_ascii=bool(at % 2)) for at, row in enumerate(rows)
            ).encode()
        case _:
            return json.dumps(rows, ensure_ascii=False).encode()
