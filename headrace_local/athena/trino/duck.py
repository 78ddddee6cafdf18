"""DuckDB expressions from templates: `_1`, `_2` … stand for the arguments; nothing is spliced as text."""

from functools import cache
from typing import Any, ClassVar

from sqlglot import exp, parse_one
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.parsers.duckdb import DuckDBParser

from headrace_local.athena.trino.types import Type


class PlainDuckDB(DuckDB):
    """DuckDB's grammar without sqlglot's function catalogue, so that a call is rendered as it was written."""

    class Parser(DuckDBParser):
        """Knows casts; every other call stays a name and its arguments."""

        FUNCTIONS: ClassVar[dict[str, Any]] = {}
        FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
            k: v for k, v in DuckDBParser.FUNCTION_PARSERS.items() if k in ("CAST", "TRY_CAST")
        }
        NO_PAREN_FUNCTIONS: ClassVar[dict[str, Any]] = {}


@cache
def _template(text: str) -> exp.Expr:
    return parse_one(text, read=PlainDuckDB)


def duck(text: str, *args: exp.Expr) -> exp.Expr:
    """The template's expression with its arguments in place; an argument may stand in several places."""
    numbered = {f"_{i}": arg for i, arg in enumerate(args, 1)}

    def fill(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Column) and node.name in numbered and not node.table:
            return wrapped(numbered[node.name].copy())
        return node

    return _template(text).copy().transform(fill, copy=False)


def wrapped(node: exp.Expr) -> exp.Expr:
    """The expression, in parentheses where it could bind looser than what stands around it."""
    loose = (exp.Binary, exp.Unary, exp.Between, exp.In, exp.Case, exp.Interval, exp.Window, exp.Exists)
    if isinstance(node, loose) and not isinstance(node, (exp.Paren, exp.Dot)):
        return exp.Paren(this=node)
    return node


def call(name: str, *args: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=[arg.copy() for arg in args])


def text(value: str) -> exp.Expr:
    return exp.Literal.string(value)


def number(value: int) -> exp.Expr:
    node = exp.Literal.number(abs(value))
    return exp.Paren(this=exp.Neg(this=node)) if value < 0 else node


def cast(node: exp.Expr, to: Type, *, safe: bool = False) -> exp.Expr:
    """DuckDB's own cast; `safe` gives NULL for what does not convert."""
    kind = exp.TryCast if safe else exp.Cast
    return kind(this=node.copy(), to=_duckdb_type(to.duckdb()).copy())


@cache
def _duckdb_type(name: str) -> exp.DataType:
    return exp.DataType.build(name, dialect="duckdb")


def null(t: Type) -> exp.Expr:
    return cast(exp.Null(), t)


def guarded(condition: exp.Expr, error: str, message: exp.Expr, value: exp.Expr) -> exp.Expr:
    """`value`, or a failure named `error` where the condition does not hold.

    The failure is a cast that cannot succeed: DuckDB's error() is volatile, and TRY refuses those.
    """
    sentence = duck("_1 || _2", text(f"{FAILURE}{error}: "), message)
    return duck("CASE WHEN trino_holds(_1, _2) THEN _3 END", condition, sentence, value)


# Starts the text that a guard cannot cast, so that the engine finds name and sentence in DuckDB's error.
FAILURE = "trino!"
