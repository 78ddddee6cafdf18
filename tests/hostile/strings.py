"""Texts that have broken programs: a short list of our own, and the Big List of Naughty Strings."""

import json
from pathlib import Path

_BLNS = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "blns" / "blns.json"

CANARY = "canary"
"""The file, and the table, that many of these try to destroy."""

OWN = (
    # SQL
    "'; DROP TABLE canary; --",
    '"; DROP TABLE "canary"; --',
    "x') UNION SELECT content FROM read_text('canary') --",
    "'); COPY (SELECT 1) TO 'canary'; --",
    "$$; INSTALL httpfs; LOAD httpfs; $$",
    "' OR '1'='1",
    "/* */ -- ;",
    ":1 ? $1 @p",
    # names that the engine uses itself
    "v0",
    "t0",
    "raw0",
    "rows",
    "source",
    "batch",
    "SELECT",
    # templates, shells, formulas, markup
    "${jndi:ldap://127.0.0.1/canary}",
    "{{ 7*7 }}{% raw %}{object}${property}",
    "{% $states.input %}",
    "$(rm canary)`rm canary`; rm canary",
    "=cmd|' /C del canary'!A0",
    '=HYPERLINK("http://127.0.0.1","canary")',
    "<script>alert(1)</script>&amp;&#0;<![CDATA[",
    "!!python/object/apply:os.system ['rm canary']",
    "%s%n%x{0}{}\\1",
    # paths
    "../../../../../../etc/passwd",
    "..\\..\\canary",
    "/etc/passwd",
    "%2e%2e%2fcanary",
    "file:///etc/passwd",
    # what separates, quotes and escapes
    '"',
    '""',
    "'",
    "\\",
    '\\"',
    '","',
    "a,b;c\td|e",
    "line one\nline two",
    "line one\r\nline two",
    "\r",
    "a\\nb",
    "[1, 2]",
    '{"a": {"b": 1}}',
    # what reads as something else
    "NULL",
    "null",
    "None",
    "\\N",
    "NaN",
    "-0",
    "0x10",
    "1e309",
    "9" * 40,
    "true",
    "2024-02-30",
    # Unicode
    "\ufeffbehind a byte order mark",
    "e\u0301 is not \u00e9",
    "\u202egnorw \u2066way\u2069 round",
    "zero\u200bwidth\u200d\u00ad",
    "\u2028\u2029\u0085",
    "\u0130\u0131\u017fß\u212a",
    "👩‍👩‍👧‍👦\U0001f3f4\U000e0067\U000e0062\U000e007f\U0010ffff\ufffe",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞",
    # control characters and length
    "nothing\x00behind",
    "\x01\x02\x07\x08\x1b[31m\x7f",
    "end of file\x1a",
    " spaces around ",
    "long " * 2000,
)


def blns() -> tuple[str, ...]:
    """The Big List of Naughty Strings, each once; empty where it does not lie beside the project."""
    return tuple(dict.fromkeys(json.loads(_BLNS.read_text("utf-8")))) if _BLNS.is_file() else ()
