"""Parsing: sqlglot's Trino grammar, without its function catalogue and without what Athena's lacks."""

import re
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.trino import Trino
from sqlglot.errors import ParseError, TokenError
from sqlglot.parsers.trino import TrinoParser
from sqlglot.tokenizer_core import Token, TokenType

from headrace_local.athena.errors import InvalidRequest, not_supported

_SPECIAL_CALLS = ("CAST", "TRY_CAST", "EXTRACT", "POSITION", "SUBSTRING", "TRIM")


class PlainTrino(Trino):
    """Trino's grammar where every call stays a name and its arguments, and subscripts stay as written."""

    INDEX_OFFSET = 0

    class Parser(TrinoParser):
        """Knows the calls that have a grammar of their own, such as `CAST(x AS t)`, and no other."""

        FUNCTIONS: ClassVar[dict[str, Any]] = {}
        FUNCTION_PARSERS: ClassVar[dict[str, Any]] = {
            k: v for k, v in TrinoParser.FUNCTION_PARSERS.items() if k in _SPECIAL_CALLS
        }


def tokens(statement: str) -> list[Token]:
    """The statement's tokens without comments; raises InvalidRequest for what cannot be read at all."""
    try:
        return PlainTrino().tokenize(statement)
    except TokenError as error:
        raise malformed(statement, 0, f"cannot read the statement: {error}") from error


def malformed(statement: str, at: int, what: str) -> InvalidRequest:
    before = statement[:at]
    line, column = before.count("\n") + 1, at - before.rfind("\n")
    return InvalidRequest(f"line {line}:{column}: {what}", "MALFORMED_QUERY")


def parse(statement: str) -> exp.Expr:
    """The one statement's syntax tree; raises InvalidRequest, as Athena refuses what does not parse."""
    _refuse_other_grammars(statement, tokens(statement))
    try:
        found = [tree for tree in PlainTrino().parse(statement) if tree is not None]
    except ParseError as error:
        raise _syntax_error(error) from error
    if len(found) != 1:
        raise InvalidRequest(f"Only one sql statement is allowed. Got: {statement}", "MALFORMED_QUERY")
    return found[0]


def _syntax_error(error: ParseError) -> InvalidRequest:
    detail = error.errors[0] if error.errors else {}
    word = str(detail.get("highlight") or "<EOF>")
    line, end = int(detail.get("line") or 1), int(detail.get("col") or 1)
    column = max(1, end - len(word) + 1)
    sentence = f"line {line}:{column}: mismatched input '{word}' ({detail.get('description', error)})"
    return InvalidRequest(sentence, "MALFORMED_QUERY")


def _refuse_other_grammars(statement: str, found: list[Token]) -> None:
    """Refuse what sqlglot reads for other engines' sake and Trino's grammar does not have."""
    limited: dict[int, bool] = {}
    depth = 0
    for i, token in enumerate(found):
        depth += (token.token_type == TokenType.L_PAREN) - (token.token_type == TokenType.R_PAREN)
        following = found[i + 1 : i + 3]
        if token.token_type in (TokenType.LIMIT, TokenType.FETCH):
            limited[depth] = True
        elif token.token_type in (TokenType.UNION, TokenType.EXCEPT, TokenType.INTERSECT, TokenType.SELECT):
            limited[depth] = False
        wrong = (
            token.token_type in (TokenType.DCOLON, TokenType.QUALIFY, TokenType.ILIKE)
            or (token.token_type == TokenType.OFFSET and limited.get(depth, False))
            or (token.token_type == TokenType.INTERVAL and not _interval_follows(following))
            or token.text == "=="
        )
        if wrong:
            raise malformed(statement, token.start, f"mismatched input '{token.text}'")


def _interval_follows(following: list[Token]) -> bool:
    kinds = [t.token_type for t in following]
    if kinds[:1] in ([TokenType.DASH], [TokenType.PLUS]):
        kinds = kinds[1:]
    return (
        kinds[:1] == [TokenType.STRING] or not kinds or kinds[0] not in (TokenType.NUMBER, TokenType.L_PAREN)
    )


def only(node: exp.Expr, *members: str) -> None:
    """Raises for a node with any other member: a clause that sqlglot reads and this engine would drop."""
    others = [k for k, v in node.args.items() if v and k not in members]
    if others:
        raise not_supported(f"{', '.join(others)} in {node.sql('trino')}", position(node))


def position(node: exp.Expr) -> int | None:
    """The offset of the first thing in the statement that the node was read from."""
    starts = [n.meta["start"] for n in node.walk() if "start" in n.meta]
    return min(starts, default=None)


def _end(node: exp.Expr) -> int | None:
    ends = [n.meta["end"] for n in node.walk() if "end" in n.meta]
    return max(ends, default=None)


def operator_position(statement: str, left: exp.Expr) -> int | None:
    """The offset of the operator that follows an operand: where Trino says a type mismatch is."""
    end = _end(left)
    if end is None:
        return position(left)
    between = re.compile(r"[\s()\[\]]*(--[^\n]*\n[\s()]*|/\*.*?\*/[\s()]*)*", re.DOTALL).match(
        statement, end + 1
    )
    return between.end() if between else end + 1


def is_typed_literal(statement: str, literal: exp.Expr) -> bool:
    """Whether a cast literal was written `DECIMAL '1.5'`, not `CAST('1.5' AS DECIMAL)`."""
    if "typed" in literal.meta:
        return bool(literal.meta["typed"])
    start = literal.meta.get("start")
    return start is not None and not statement[:start].rstrip().endswith("(")
