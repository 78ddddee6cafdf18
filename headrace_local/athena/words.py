"""A statement's words, for what is told by its first words or parsed in Hive's grammar, not Trino's."""

import re
from dataclasses import dataclass

from headrace_local.athena.errors import InvalidRequest
from headrace_local.athena.trino.dialect import malformed

_TOKEN = re.compile(
    r"\s+|--[^\n]*|/\*.*?\*/"
    r"|(?P<word>[A-Za-z_]\w*)|`(?P<quoted>[^`]+)`|'(?P<text>(?:[^']|'')*)'|(?P<mark>.)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Word:
    """One token: a word, a back-quoted name, a text, or a mark."""

    kind: str
    value: str
    start: int


class Words:
    """Reads a statement from left to right; raises InvalidRequest where something else is expected."""

    def __init__(self, statement: str) -> None:
        self.statement = statement
        self._words = [
            Word(m.lastgroup, m[m.lastgroup], m.start())
            for m in _TOKEN.finditer(statement)
            if m.lastgroup is not None
        ]
        self._place = 0

    def ahead(self, *keywords: str) -> bool:
        """Whether the next words are these."""
        found = self._words[self._place : self._place + len(keywords)]
        shown = [w.value.upper() if w.kind in ("word", "mark") else None for w in found]
        return shown == [k.upper() for k in keywords]

    def take(self, *keywords: str) -> bool:
        """Steps over the next words if they are these."""
        if self.ahead(*keywords):
            self._place += len(keywords)
            return True
        return False

    def name(self) -> str:
        found = self._next()
        if found is None or found.kind not in ("word", "quoted"):
            raise self._unexpected(found)
        return found.value.lower()

    def qualified(self) -> tuple[str, ...]:
        """A dotted name."""
        parts = [self.name()]
        while self.take("."):
            parts.append(self.name())
        return tuple(parts)

    def text(self) -> str:
        found = self._next()
        if found is None or found.kind != "text":
            raise self._unexpected(found)
        return found.value.replace("''", "'")

    def at_text(self) -> bool:
        return self._place < len(self._words) and self._words[self._place].kind == "text"

    def end(self) -> None:
        if self._place < len(self._words):
            raise self._unexpected(self._words[self._place])

    def has(self, *keywords: str) -> bool:
        """Whether these words stand side by side anywhere from here, outside parentheses."""
        depth = 0
        for i in range(self._place, len(self._words)):
            word = self._words[i]
            depth += (word.value == "(") - (word.value == ")") if word.kind == "mark" else 0
            shown = [w.value.upper() for w in self._words[i : i + len(keywords)] if w.kind == "word"]
            if depth == 0 and shown == list(keywords):
                return True
        return False

    def _next(self) -> Word | None:
        self._place += 1
        return self._words[self._place - 1] if self._place <= len(self._words) else None

    def _unexpected(self, found: Word | None) -> InvalidRequest:
        at = found.start if found is not None else len(self.statement)
        return malformed(
            self.statement, at, f"mismatched input '{found.value if found is not None else '<EOF>'}'"
        )
