"""The two small languages in a contract's options: JDK date patterns and RE2 expressions."""

import re
from typing import Literal

_DATE_TOKEN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|([\[\]{}#'])|(.)", re.DOTALL)
DATE_CODES = {
    "yyyy": "%Y",
    "uuuu": "%Y",
    "yy": "%y",
    "MMMM": "%B",
    "MMM": "%b",
    "MM": "%m",
    "M": "%m",
    "dd": "%d",
    "d": "%d",
    "DDD": "%j",
    "EEEE": "%A",
    "EEE": "%a",
    "HH": "%H",
    "H": "%H",
    "hh": "%I",
    "h": "%I",
    "mm": "%M",
    "m": "%M",
    "ss": "%S",
    "s": "%S",
    "a": "%p",
    **{"S" * digits: "%f" for digits in range(1, 7)},
    **{letter * count: "%z" for letter in "xX" for count in (1, 2, 3)},
    "Z": "%z",
}
_NEEDED = {
    "date": ({"%Y", "%y"}, "a date needs its year: write yyyy or yy"),
    "time": ({"%H", "%I"}, "a time needs its hour: write HH"),
}


def strptime_format(pattern: str, of: Literal["date", "time"] = "date") -> str:
    """The strptime format for a JDK DateTimeFormatter pattern such as `M/d/yyyy`.

    One- and two-digit fields read alike, and a bare T stands for itself, as contracts in the wild have
    it. Raises ValueError, saying what to write, for a pattern that has no such format, or that has no
    year for a date or no hour for a time.
    """
    if "%" in pattern:
        raise ValueError("formats are JDK patterns, such as yyyy-MM-dd, not strptime's")
    codes = [_date_code(token) for token in _DATE_TOKEN.finditer(pattern)]
    needed, advice = _NEEDED[of]
    if not needed & set(codes):
        raise ValueError(advice)
    if ("%I" in codes) != ("%p" in codes):
        raise ValueError("hours of a 12-hour clock go with a (AM or PM): write HH, or h with a")
    return "".join(codes)


def _date_code(token: re.Match[str]) -> str:
    quoted, letter, reserved, other = token.groups()
    if quoted is not None:
        return quoted.replace("''", "'") or "'"
    if letter and token[0] in DATE_CODES:
        return DATE_CODES[token[0]]
    if token[0] == "T":
        return "T"
    if letter or reserved:
        known = ", ".join(DATE_CODES)
        raise ValueError(f"{token[0]!r} is not read: use {known}, or put plain text between apostrophes")
    return str(other)


MOST_REPEATS = 1000
MOST_CHARACTERS = 1000
_UNICODE_CLASS_COSTS = 10  # RE2 expands \p{L} into hundreds of ranges, and refuses what grows too large

_CATEGORY = r"(?:L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?|C[cfos]?)"
_CLASS = rf"\\[dDsSwW] | \\[pP](?:[LMNPSZC] | \{{\^?{_CATEGORY}\}})"
_CHARACTER = r"\\x[0-9A-Fa-f]{2} | \\x\{[0-9A-Fa-f]{1,4}\} | \\[afnrtv] | \\[!-/:-@\[-`{-~]"
_POSIX = "alnum|alpha|ascii|blank|cntrl|digit|graph|lower|print|punct|space|upper|word|xdigit"
_IN_SET = rf"\[:\^?(?:{_POSIX}):\] | \\. | \[(?!:) | [^\]\\\[]"
_REGEX_TOKEN = re.compile(
    rf"""
    (?P<atom>   {_CLASS} | {_CHARACTER} | \\[AzbB] | [^\\\[(){{}}*+?|] )
  | (?P<set>    \[\^?+(?:\] | {_IN_SET})(?:{_IN_SET})*\] )
  | (?P<open>   \((?:\?: | \?P<[A-Za-z_]\w*> | \?[is]+: | (?!\?)) )
  | (?P<close>  \) )
  | (?P<repeat> (?: [*+?] | \{{(?P<least>\d{{1,4}})(?P<comma>,(?P<most>\d{{0,4}}))?\}} )\?? )
  | (?P<other>  \| | \(\?[is]+\) )
    """,
    re.VERBOSE | re.DOTALL,
)
_SET_ITEM = re.compile(
    rf"""
    {_CLASS} | \[:\^?(?:{_POSIX}):\]
  | (?P<from> {_CHARACTER} | [^\\] ) (?: -(?!\]\Z) (?P<to> {_CHARACTER} | [^\\] ) )?+(?!-(?:{_CLASS}))
    """,
    re.VERBOSE | re.DOTALL,
)
_CONTROL = {"a": 7, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}


def check_regex(regex: str) -> None:
    """Raises ValueError, saying what to write, for an expression that RE2 would not take, or not surely.

    RE2 has no look-around, no back-references and no possessive repeats, and runs in linear time.
    """
    if len(regex) > MOST_CHARACTERS:
        raise ValueError(f"write at most {MOST_CHARACTERS} characters: a shorter one, or an enum")
    position, outer = 0, []
    # How often what stands last, and the worst of this group, is repeated; 0: nothing to repeat.
    atom, worst = 0, 1
    while position < len(regex):
        token = _REGEX_TOKEN.match(regex, position)
        if token is None:
            what = regex[position : position + 8]
            advice = "no look-around, no back-references; a backslash makes a character plain"
            raise ValueError(f"RE2 does not take {what!r}: {advice}")
        if token["open"]:
            outer.append(worst)
            atom, worst = 0, 1
        elif token["close"]:
            if not outer:
                raise ValueError("a ) closes nothing: write \\) for the character")
            atom, worst = worst, max(worst, outer.pop())
        elif token["repeat"]:
            worst = max(worst, _repeats(token, atom))
            atom = 0
        else:
            if token["set"]:
                _check_set(token["set"])
            atom = 0 if token["other"] else _UNICODE_CLASS_COSTS if "\\p" in token[0].lower() else 1
            worst = max(worst, atom)
        position = token.end()
    if outer:
        raise ValueError("a ( is not closed: write \\( for the character")


def _repeats(token: re.Match[str], atom: int) -> int:
    if not atom:
        raise ValueError(f"{token[0]!r} repeats nothing: write a backslash before it for the character")
    least = int(token["least"] or 1)
    most = int(token["most"] or least)
    if most < least or atom * max(most, 1) > MOST_REPEATS:
        raise ValueError(f"{token[0]!r} must count upwards, to at most {MOST_REPEATS} in all")
    return atom * max(most, 1)


def _check_set(text: str) -> None:
    position, end = 2 if text.startswith("[^") else 1, len(text) - 1
    while position < end:
        item = _SET_ITEM.match(text, position)
        if item is None or item.end() > end:
            raise ValueError(
                f"{text[position:]!r} is not read in a set: write \\[ and \\] for the characters"
            )
        if item["to"] and _code_point(item["from"]) > _code_point(item["to"]):
            raise ValueError(f"the range {item[0]!r} runs backwards")
        position = item.end()


def _code_point(character: str) -> int:
    if character.startswith("\\x"):
        return int(character[2:].strip("{}"), 16)
    if character.startswith("\\"):
        return _CONTROL.get(character[1], ord(character[1]))
    return ord(character)
