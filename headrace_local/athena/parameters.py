"""ExecutionParameters: each `?` takes the next value, read as an expression, or as text where it is none."""

from collections.abc import Sequence

from sqlglot import exp

from headrace_local.athena.errors import InvalidRequest, QueryFailed
from headrace_local.athena.trino.dialect import is_typed_literal, parse


def bound(tree: exp.Expr, parameters: Sequence[str]) -> exp.Expr:
    """The tree with its parameters in place; values for a statement without any are ignored, as on Athena."""
    places = list(tree.find_all(exp.Placeholder, bfs=False))
    if not places:
        return tree
    if len(places) != len(parameters):
        raise QueryFailed(
            "INVALID_PARAMETER_USAGE",
            f"Incorrect number of parameters: expected {len(places)} but found {len(parameters)}",
            0,
        )
    for place, value in zip(places, parameters, strict=True):
        place.replace(_expression(value))
    return tree


def _expression(value: str) -> exp.Expr:
    """A value that parses without naming a column is that expression; any other is text."""
    try:
        parsed = parse(f"SELECT {value}")
    except InvalidRequest:
        return exp.Literal.string(value)
    plain = (
        isinstance(parsed, exp.Select) and len(parsed.expressions) == 1 and parsed.args.get("from_") is None
    )
    if not plain or parsed.find(exp.Column):
        return exp.Literal.string(value)
    found = parsed.expressions[0]
    for node in found.walk():
        typed = isinstance(node, exp.Literal) and is_typed_literal(f"SELECT {value}", node)
        node.meta.clear()
        node.meta["typed"] = typed
    return exp.Paren(this=found.copy())
