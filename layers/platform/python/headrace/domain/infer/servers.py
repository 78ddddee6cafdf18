"""How a contract says what lands: the server of each format, with what differs from the ordinary."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from headrace.domain.formats import FixedWidth, Format, Xml, format_name

_ORDINARY: Mapping[type[Format], Format] = {Xml: Xml(""), FixedWidth: FixedWidth(())}
_KEYS = ("delimiter", "encoding")
_SETTINGS = {
    "quote": "headrace.quote",
    "escape": "headrace.escape",
    "header": "headrace.header",
    "skip": "headrace.skip",
    "comment": "headrace.comment",
    "trim": "headrace.trim",
    "nulls": "headrace.nulls",
    "record_path": "headrace.recordPath",
    "sheet": "headrace.sheet",
}


class Server(Struct, frozen=True):
    """`keys` are ODCS's own and `settings` Headrace's, only those that say something."""

    format: str
    keys: Mapping[str, Any]
    settings: Mapping[str, Any]

    @classmethod
    def of(cls, landed: Format) -> "Server":
        ordinary = _ORDINARY.get(type(landed)) or type(landed)()  # type: ignore[call-arg] # the others need none
        said = {
            name: list(value) if isinstance(value, tuple) else value
            for name in landed.__struct_fields__
            if (value := getattr(landed, name)) != getattr(ordinary, name)
        }
        return cls(
            format_name(landed),
            {name: said[name] for name in _KEYS if name in said},
            {setting: said[name] for name, setting in _SETTINGS.items() if name in said},
        )
