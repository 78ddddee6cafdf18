"""JSON as RFC 8259 has it, with numbers kept as they were written and no name given twice.

DuckDB's JSON reader takes NaN, Infinity and trailing commas, and passes numbers with a fraction through
a double: `123456789012345.678901` comes out as `123456789012345.67`. msgspec's raw values are strict and
exact; the standard library's parser, several times slower, sees the duplicates that msgspec does not.
"""

import json
from typing import NoReturn

from headrace.engines.sql import json_text


class Number(str):
    """A JSON number, as it was written."""

    __slots__ = ()


Value = str | bool | list["Value"] | dict[str, "Value"] | None


def parse(text: str) -> Value:
    """The value of a JSON text. Raises ValueError where it is not one."""
    try:
        value: Value = json.loads(
            text,
            parse_int=Number,
            parse_float=Number,
            parse_constant=_refuse_constant,
            object_pairs_hook=_members_once,
        )
        if "\\u" in text:  # a lone surrogate is no text
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return value


def dump(value: Value) -> str:
    """Compact JSON text, with numbers as they were written."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Number():
            return str(value)
        case str():
            return json_text(value)
        case list():
            return f"[{','.join(dump(item) for item in value)}]"
        case _:
            return f"{{{','.join(f'{json_text(name)}:{dump(item)}' for name, item in value.items())}}}"


def repeats_a_name(record: bytes, names: int) -> bool:
    """Whether an object, known to be JSON and to have `names` different names at its top, gives one twice
    at any depth."""
    # At most so many names stand in it: a name is followed by a colon or by white space.
    most = record.count(b'":') + sum(map(record.count, (b'" ', b'"\t', b'"\n', b'"\r')))
    if most == names:
        return False
    try:
        parse(record.decode())
    except ValueError:
        return True
    return False


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _members_once(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name is given twice")
    return members
