"""The rows that a contract gives as examples of what must be kept and what must be quarantined."""

from headrace.domain.contract.source import Findings, Place, did_you_mean, excerpt
from headrace.domain.plan import Array, Column, Example, Object, Plan, Type, rule_name

_MOST = 1_000
_ADVICE = "write - {row: {…}, valid: true} or - {row: {…}, breaks: [column rule]}"


def examples_of(place: Place | None, plan: Plan, found: Findings) -> tuple[Example, ...]:
    """The examples of a contract; one that could never break what it says it breaks is a problem."""
    if place is None:
        return ()
    if not place.items or len(place.items) > _MOST:
        found.problem(place, f"examples are a list of at most {_MOST:,}", _ADVICE)
        return ()
    reasons = _reasons(plan)
    return tuple(
        Example(
            row=entry.at("row").value if entry.get("row") else {},
            breaks=_breaks(entry, reasons, found),
            line=entry.line,
        )
        for entry in place.items
    )


def _breaks(entry: Place, reasons: dict[str, set[str]], found: Findings) -> tuple[tuple[str, str], ...]:
    row, valid, breaks = entry.get("row"), entry.get("valid"), entry.get("breaks")
    unknown = set(entry.entries) - {"row", "valid", "breaks"}
    if row is None or not isinstance(row.value, dict) or unknown:
        found.problem(entry, "this is no example", _ADVICE)
        return ()
    if (
        (valid is None) == (breaks is None)
        or (valid and valid.value is not True)
        or (breaks and not breaks.items)
    ):
        found.problem(entry, "the example does not say what becomes of it", _ADVICE)
        return ()
    return tuple(_reason(one, reasons, found) for one in breaks.items) if breaks else ()


def _reason(one: Place, reasons: dict[str, set[str]], found: Findings) -> tuple[str, str]:
    """A reason, written `{column: …, rule: …}`, `column rule` or, for a rule on the whole row, `rule`."""
    if one.entries:
        column, rule = one.text_of("column"), one.text_of("rule")
    else:
        column, space, rule = one.text.rpartition(" ")
        if not space or one.text in reasons[""]:
            column, rule = "", one.text
    if column not in reasons:
        advice = did_you_mean(column, reasons, f"columns are {', '.join(filter(None, reasons))}"[:200])
        found.problem(one, f"there is no column {excerpt(column)}", advice)
    elif rule not in reasons[column]:
        known = ", ".join(sorted(reasons[column])) or "none"
        advice = did_you_mean(rule, reasons[column], f"known are {known}"[:200])
        found.problem(one, f"no row breaks {excerpt(rule)} there", advice)
    return column, rule


def _reasons(plan: Plan) -> dict[str, set[str]]:
    """The rules that rows can break, by column; those on the whole row have no column."""
    reasons: dict[str, set[str]] = {"": {"structure", *(check.name for check in plan.checks)}}
    for column in plan.columns:
        _collect(column, column.name, reasons)
    for key in plan.keys:
        reasons.setdefault(", ".join(key.columns), set()).add(key.rule)
    return reasons


def _collect(column: Column, path: str, into: dict[str, set[str]]) -> None:
    into[path] = {"type", *map(rule_name, column.rules)}
    if column.required:
        into[path].add("required")
    _collect_inside(column.type, path, into)


def _collect_inside(type_: Type, path: str, into: dict[str, set[str]]) -> None:
    match type_:
        case Object(columns):
            for column in columns:
                _collect(column, f"{path}.{column.name}", into)
        case Array(items):
            into[f"{path}.element"] = {"type"}
            _collect_inside(items, f"{path}.element", into)
