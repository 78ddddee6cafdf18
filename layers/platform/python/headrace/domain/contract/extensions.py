"""Headrace's own keys in a contract: ODCS custom properties whose name begins with `headrace.`."""

from headrace.domain.contract.source import Findings, Place, did_you_mean, excerpt

CONTRACT = (
    "headrace.evolution",
    "headrace.reupload",
    "headrace.maxQuarantinedPercent",
    "headrace.queries",
    "headrace.sql",
)
SERVER = ("headrace.recordPath", "headrace.nulls", "headrace.quote")
COLUMN = ("headrace.mask",)


def extensions(place: Place, known: tuple[str, ...], found: Findings) -> dict[str, Place]:
    """The values of the `headrace.*` custom properties of one element; those of others are let be.

    One that is not `known` there, stands twice or has no value is a problem.
    """
    values: dict[str, Place] = {}
    for entry in place.items_of("customProperties"):
        name, value = entry.text_of("property"), entry.get("value")
        if not name.lower().startswith("headrace"):
            continue
        here = entry.at("property")
        if name not in known:
            found.problem(here, f"{excerpt(name)} means nothing here", _where(name, known))
        elif name in values:
            found.problem(here, f"{name} stands twice", "keep one")
        elif value is None:
            found.problem(here, f"{name} has no value", "add value")
        else:
            values[name] = value
    return values


def _where(name: str, known: tuple[str, ...]) -> str:
    for level, names in {"the contract": CONTRACT, "a server": SERVER, "a column": COLUMN}.items():
        if name in names and names != known:
            return f"it belongs among the customProperties of {level}"
    return did_you_mean(name, known, f"known here: {', '.join(known) or 'none'}")
