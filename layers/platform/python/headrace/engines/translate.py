"""One rendering of a plan, said in the words of several engines.

`headrace.engines.duckdb` renders a plan as syntax trees with DuckDB's meaning. A `Translation` takes such a
tree to another engine: what both understand alike is left as it is, the rest is replaced by the rules of that
engine's dialect. A node for which there is no rule is refused, so nothing is translated by accident.
"""

from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from headrace.domain.errors import EngineFault
from headrace.engines.sql import E, call, data_type, text

Kind = exp.DataType
Rule = Callable[["Translation", Any], E]

TEXT = data_type("TEXT")
BIGINT = data_type("BIGINT")
BOOLEAN = data_type("BOOLEAN")
DOUBLE = data_type("DOUBLE")
TIMESTAMP = data_type("TIMESTAMP")
TIMESTAMPTZ = data_type("TIMESTAMPTZ")

_ALIKE: tuple[type[exp.Expr], ...] = (
    *(
        exp.Alias,
        exp.Boolean,
        exp.Column,
        exp.DataType,
        exp.From,
        exp.Join,
        exp.Identifier,
        exp.Literal,
        exp.Null,
    ),
    *(exp.Paren, exp.Placeholder, exp.Star, exp.Subquery, exp.Table, exp.TableAlias, exp.Var, exp.Where),
    *(exp.And, exp.Or, exp.Not, exp.Is, exp.Between, exp.In, exp.If, exp.Case, exp.Coalesce, exp.Nullif),
    *(exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Add, exp.Sub, exp.Mul, exp.Neg),
    *(exp.Mod, exp.Like, exp.Tuple, exp.DataTypeParam, exp.ColumnDef, exp.Replace),
    *(exp.Abs, exp.Count, exp.Filter, exp.Max, exp.Min, exp.Sum, exp.Window, exp.WindowSpec),
    *(exp.Array, exp.ArrayContains, exp.ConcatWs, exp.Contains, exp.DPipe, exp.Encode),
    *(exp.Left, exp.Length, exp.Right, exp.SHA2, exp.Struct, exp.StructExtract, exp.Substring),
    *(exp.ArrayFilter, exp.Lambda, exp.PropertyEQ, exp.Transform),
)
_OF_TEXT = (
    *(exp.ConcatWs, exp.DPipe, exp.Left, exp.Lower, exp.RegexpReplace, exp.Repeat, exp.Replace, exp.Right),
    *(exp.SHA2, exp.Substring, exp.Trim),
)
_OF_FIRST = (
    *(exp.Add, exp.ArrayConcat, exp.ArrayFilter, exp.Filter, exp.Max, exp.Min, exp.Mod, exp.Mul, exp.Neg),
    *(exp.Nullif, exp.Paren, exp.Sub, exp.Window),
)
_TRUE_OR_FALSE = (exp.Predicate, exp.Connector, exp.Not, exp.Boolean)
_CALLS = {
    "LEN": BIGINT,
    "STRFTIME": TEXT,
    "TIMEZONE": TIMESTAMPTZ,
    "TO_JSON": TEXT,
    "ARRAY_TO_STRING": TEXT,
    "DATE_TRUNC": TIMESTAMPTZ,
}


@dataclass
class Translation:
    """From DuckDB's meaning to another engine's: `rules` by the node's class, `calls` by the function's name.

    `columns` are the types, in DuckDB's words, of the columns that the tree's innermost relation has; those
    of the columns that its layers add are found on the way.
    """

    engine: str
    rules: Mapping[type[exp.Expr], Rule]
    calls: Mapping[str, Rule]
    columns: Mapping[str, Kind]
    _scope: ChainMap[str, Kind] = field(init=False)

    def __post_init__(self) -> None:
        self._scope = ChainMap(dict(self.columns))

    def __call__(self, node: E) -> E:
        """The tree in the engine's words. Raises EngineFault where a part of it has no translation."""
        match node:
            case exp.Select():
                return self._select(node)
            case exp.Anonymous():
                rule = self.calls.get(node.name.upper())
            case _:
                rule = self.rules.get(type(node))
        if rule is not None:
            return rule(self, node)
        if not isinstance(node, _ALIKE):
            what = node.name.upper() if isinstance(node, exp.Anonymous) else type(node).__name__
            raise EngineFault(f"there is no translation of {what} for {self.engine}")
        return self.parts(node)

    def parts(self, node: E) -> E:
        """The same node over translated parts."""
        if isinstance(node, exp.Transform | exp.ArrayFilter):
            return self._over_items(node)
        made = type(node)(**{name: self._part(part) for name, part in node.args.items()})
        if isinstance(node, exp.Alias) and (kind := self.kind(node.this)):
            self._scope[node.alias] = kind
        return made

    def kind(self, node: E | None) -> Kind | None:
        """The type of a tree with DuckDB's meaning; None where nothing tells it."""
        if node is None:
            return None
        if rule := _KINDS.get(type(node)):
            return rule(self, node)
        if isinstance(node, _OF_TEXT):
            return TEXT
        if isinstance(node, _OF_FIRST):
            return self.kind(node.this)
        return BOOLEAN if isinstance(node, _TRUE_OR_FALSE) else None

    def kind_of_column(self, node: E) -> Kind | None:
        """The type of a column, or of what a lambda calls by a name."""
        return self._scope.get(node.name)

    def kind_of_first(self, nodes: Iterable[E | None]) -> Kind | None:
        """The type of the first of several trees whose type is known."""
        return next((kind for node in nodes if (kind := self.kind(node)) is not None), None)

    def kind_in_items(self, node: exp.Transform) -> Kind | None:
        """The type of what a lambda makes of an array's items."""
        return self._with_item(node).kind(node.expression.this)

    def item_kind(self, node: E) -> Kind | None:
        """The type of an array's items."""
        kind = self.kind(node)
        return kind.expressions[0] if kind is not None and kind.expressions else None

    def _select(self, node: exp.Select) -> exp.Select:
        """What it selects from comes first: it tells the types of the columns."""
        order = sorted(node.args, key=lambda name: name == "expressions")
        parts = {name: self._part(node.args[name]) for name in order}
        return exp.Select(**parts)

    def _part(self, part: Any) -> Any:
        if isinstance(part, list):
            return [self._part(one) for one in part]
        return self(part) if isinstance(part, exp.Expr) else part

    def _over_items(self, node: exp.Transform | exp.ArrayFilter) -> E:
        within = self._with_item(node)
        return type(node)(this=self(node.this), expression=within.parts(node.expression))

    def _with_item(self, node: exp.Transform | exp.ArrayFilter) -> "Translation":
        """The translation inside of the lambda of `node`."""
        inner = Translation(self.engine, self.rules, self.calls, {})
        item = self.item_kind(node.this)
        known = {node.expression.expressions[0].name: item} if item is not None else {}
        inner._scope = self._scope.new_child(known)
        return inner


def _kind_of_call(to: Translation, node: exp.Anonymous) -> Kind | None:
    name, arguments = node.name.upper(), node.expressions
    match name:
        case "TRY_STRPTIME":
            return TIMESTAMPTZ if "%z" in arguments[1].name.replace("%%", "") else TIMESTAMP
        case "LIST_EXTRACT":
            return to.item_kind(arguments[0])
        case "LIST_CONCAT" | "LIST_APPEND" | "LIST_DISTINCT" | "LEAST" | "TRY":
            return to.kind(arguments[0])
        case _:
            return _CALLS.get(name)


def _branches(node: exp.Case) -> list[E | None]:
    return [*(branch.args["true"] for branch in node.args["ifs"]), node.args.get("default")]


_KINDS: dict[type[exp.Expr], Callable[[Translation, Any], Kind | None]] = {
    exp.Column: Translation.kind_of_column,
    exp.Identifier: Translation.kind_of_column,
    exp.Cast: lambda _to, node: node.to,
    exp.TryCast: lambda _to, node: node.to,
    exp.Literal: lambda _to, node: TEXT if node.is_string else BIGINT,
    exp.Length: lambda _to, _node: BIGINT,
    exp.Count: lambda _to, _node: BIGINT,
    exp.Case: lambda to, node: to.kind_of_first(_branches(node)),
    exp.Coalesce: lambda to, node: to.kind_of_first([node.this, *node.expressions]),
    exp.Struct: lambda to, node: _struct((one.name, to.kind(one.expression)) for one in node.expressions),
    exp.Array: lambda to, node: _array_of(to.kind_of_first(node.expressions)),
    exp.StructExtract: lambda to, node: _member(to.kind(node.this), node.expression.name),
    exp.Transform: lambda to, node: _array_of(to.kind_in_items(node)),
    exp.Anonymous: _kind_of_call,
}


def is_all_fraction(decimal: Kind) -> bool:
    """Whether a decimal has no whole digits: DuckDB writes no zero before its point."""
    precision, scale = (int(part.name) for part in decimal.expressions)
    return precision == scale


def without_zero(written: E) -> E:
    return call("REGEXP_REPLACE", written, text(r"\A(-?)0\."), text("$1."))


def array_of(kind: Kind) -> Kind:
    return exp.DataType(this=exp.DType.ARRAY, expressions=[kind.copy()], nested=True)


def _array_of(kind: Kind | None) -> Kind | None:
    return None if kind is None else array_of(kind)


def _struct(fields: Iterable[tuple[str, Kind | None]]) -> Kind | None:
    definitions = []
    for name, kind in fields:
        if kind is None:
            return None
        definitions.append(exp.ColumnDef(this=exp.to_identifier(name, quoted=True), kind=kind.copy()))
    return exp.DataType(this=exp.DType.STRUCT, expressions=definitions, nested=True)


def _member(kind: Kind | None, name: str) -> Kind | None:
    fields = kind.expressions if kind is not None else []
    found = (one.args.get("kind") for one in fields if isinstance(one, exp.ColumnDef) and one.name == name)
    return next(found, None)
