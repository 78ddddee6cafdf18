"""RE2 expressions in the words of java.util.regex, which Spark and Trino use, with the same meaning.

The two differ in what `.`, `$`, `\\s`, `\\b`, `\\v` and Unicode's classes stand for, and in which letters are
alike without case. So nothing is left to them: every class of characters is written out, as RE2 itself
(inside DuckDB) says which characters it has. What is translated is what
`headrace.domain.contract.patterns.check_regex` lets through.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache

import duckdb
import pyarrow.compute as pc
from sqlglot import exp

from headrace.engines.sql import E, call, text

_TOKEN = re.compile(
    r"""
    (?P<group>  \( (?: \?: | \?P<\w+> | \?(?P<scoped>[is]+): | (?!\?) ) )
  | \(\?(?P<flags>[is]+)\)
  | (?P<close>  \) )
  | (?P<edge>   \\[AzbB] | \^ | \$ )
  | (?P<set>    \[\^?\]? (?: \\. | \[:\^?\w+:\] | [^\]\\] )* \] )
  | (?P<class>  \\[pP](?:\{\^?\w+\}|\w) | \\x\{[0-9A-Fa-f]+\} | \\x[0-9A-Fa-f]{2} | \\. | \. )
  | (?P<repeat> [*+?] | \{[0-9,]+\} )
  | (?P<other>  . )
    """,
    re.VERBOSE | re.DOTALL,
)
Ranges = list[tuple[int, int]]

_WORD = "[0-9A-Za-z_]"
_SURROGATES = (0xD800, 0xDFFF)
_EDGES = {
    "^": r"\A",
    "$": r"\z",
    r"\A": r"\A",
    r"\z": r"\z",
    r"\b": f"(?:(?<={_WORD})(?!{_WORD})|(?<!{_WORD})(?={_WORD}))",
    r"\B": f"(?:(?<={_WORD})(?={_WORD})|(?<!{_WORD})(?!{_WORD}))",
}
_LAST = 0x10FFFF
_EVERY_CHARACTER = """
    CREATE TABLE characters AS
    SELECT CASE WHEN point BETWEEN 55296 AND 57343 THEN NULL ELSE chr(point::INT) END AS character
    FROM range(0, 1114112) AS points(point)
"""
_WHICH_ARE_TAKEN = "SELECT coalesce(regexp_full_match(character, $expression), false) FROM characters"


def java_regex(regex: str) -> str:
    """An expression that java.util.regex matches against the texts that RE2 matches `regex` against."""
    return "".join(_translated(regex))


def rewritten(value: E, changes: Iterable[tuple[str, str]]) -> E:
    """A text with the matches of each Java expression replaced in turn; in a literal at once."""
    for pattern, replacement in changes:
        if isinstance(value, exp.Literal):
            value = text(re.sub(pattern.replace(r"\z", r"\Z"), replacement.replace("$", "\\"), value.name))
        else:
            value = call("REGEXP_REPLACE", value, text(pattern), text(replacement))
    return value


def _translated(regex: str) -> Iterator[str]:
    flags = ""
    outer: list[str] = []
    for token in _TOKEN.finditer(regex):
        if token["flags"]:
            flags = _with(flags, token["flags"])
        elif token["group"]:
            outer.append(flags)
            flags = _with(flags, token["scoped"] or "")
            yield "(" if token["group"] == "(" else "(?:"
        elif token["close"]:
            flags = outer.pop()
            yield ")"
        elif token["edge"]:
            yield _EDGES[token["edge"]]
        elif token["repeat"] or token["other"] == "|":
            yield token[0]
        else:
            yield _characters(token[0], flags)


def _with(flags: str, more: str) -> str:
    return "".join(sorted({*flags, *more}))


def _characters(written: str, flags: str) -> str:
    """One character, or a class of them written out by the shorter of what it has and what it has not."""
    if len(written) == 1 and written != "." and "i" not in flags:
        return _written(ord(written))
    taken = _taken(f"(?{flags}){written}" if flags else written)
    left = _between(taken)
    if not taken:
        return "(?!)"
    if len(left) < len(taken):
        return f"[^{_listed(left)}]" if left else r"[\s\S]"
    single = len(taken) == 1 and taken[0][0] == taken[0][1]
    return _written(taken[0][0]) if single else f"[{_listed(taken)}]"


def _listed(ranges: Ranges) -> str:
    return "".join(_written(a) if a == b else f"{_written(a)}-{_written(b)}" for a, b in ranges)


def _written(point: int) -> str:
    character = chr(point)
    if character.isalnum() or character in "_ " or point > 0x9F:
        return character
    return f"\\{character}" if 0x20 < point < 0x7F else f"\\x{point:02X}"


@cache
def _taken(expression: str) -> Ranges:
    """The ranges of characters that an RE2 expression for one character takes."""
    taken = _characters_in_re2().execute(_WHICH_ARE_TAKEN, {"expression": expression}).to_arrow_table()
    runs = pc.run_end_encode(taken.column(0).combine_chunks())
    ends = [int(end) for end in runs.run_ends.to_pylist()]
    runs_taken = zip([0, *ends], ends, runs.values.to_pylist(), strict=False)
    return [(begin, end - 1) for begin, end, is_taken in runs_taken if is_taken]


@cache
def _characters_in_re2() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(_EVERY_CHARACTER)
    return connection


def _between(ranges: Ranges) -> Ranges:
    """The ranges of the other characters; those that are no characters are in none or in any."""
    edges = [-1, *(edge for one in ranges for edge in one), _LAST + 1]
    gaps = [(before + 1, after - 1) for before, after in zip(edges[::2], edges[1::2], strict=True)]
    return [gap for gap in gaps if gap[0] <= gap[1] and gap != (_SURROGATES[0], _SURROGATES[-1])]
