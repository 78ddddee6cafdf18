"""The service levels that a contract promises."""

from msgspec import Struct

from headrace.domain.contract.source import Findings, Place, excerpt

_DAY = 86_400
_SECONDS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1),
    **dict.fromkeys(("min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3_600),
    **dict.fromkeys(("d", "day", "days"), _DAY),
    **dict.fromkeys(("w", "week", "weeks"), 7 * _DAY),
    **dict.fromkeys(("m", "mo", "month", "months"), 30 * _DAY),
    **dict.fromkeys(("y", "yr", "year", "years"), 365 * _DAY),
}
_SPANS = {
    **dict.fromkeys(("latency", "ly"), "latency"),
    **dict.fromkeys(("retention", "re"), "retention"),
    **dict.fromkeys(("frequency", "fy"), "frequency"),
    "freshness": "freshness",
}


class ServiceLevel(Struct, frozen=True):
    """How late (`latency`, `freshness`), how often (`frequency`) or for how long (`retention`) data is there.

    `element` is what of the contract it is about, as the contract writes it; a month counts 30 days.
    """

    property: str
    seconds: float
    element: str = ""


def service_levels(root: Place, found: Findings) -> tuple[ServiceLevel, ...]:
    """Those levels of the contract's `slaProperties` that are a span of time."""
    levels = []
    default = root.text_of("slaDefaultElement")
    for entry in root.items_of("slaProperties"):
        kind = _SPANS.get(entry.text_of("property").lower())
        if kind is None:
            continue
        value, unit = entry.at("value"), entry.text_of("unit").lower() or "d"
        number = _number(value)
        if number is None or unit not in _SECONDS:
            what = f"{excerpt(value.value)} {unit} is no span of time"
            found.note(value, what, "write a number as value, and s, min, h, d, w, m or y as unit")
            continue
        levels.append(ServiceLevel(kind, number * _SECONDS[unit], entry.text_of("element") or default))
    if root.items_of("slaProperties"):
        found.note(root.at("slaProperties"), "service levels are not watched", "they are documentation here")
    return tuple(levels)


def _number(place: Place) -> float | None:
    if isinstance(place.value, bool) or place.entries or place.items:
        return None
    try:
        number = float(place.value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if 0 <= number < 1e12 else None
