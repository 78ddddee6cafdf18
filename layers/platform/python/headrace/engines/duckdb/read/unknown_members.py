"""What may be shown of the members of JSON objects that a contract does not know."""

from collections.abc import Callable

from headrace.domain.lookalikes import HIDDEN, any_masked, lookalike
from headrace.domain.plan import Plan
from headrace.engines.duckdb.read import strict_json
from headrace.engines.duckdb.read.strict_json import Value
from headrace.engines.sql import json_text


def covered(hidden: Callable[[str], bool], name: str, value: Value) -> Value:
    """The value of a member that the contract does not know, covered where its name is hidden, and with
    the members inside it that have such names covered."""
    match value:
        case None:
            return None
        case _ if hidden(name):
            return HIDDEN
        case dict():
            return {inner: covered(hidden, inner, item) for inner, item in value.items()}
        case list():
            return [covered(hidden, "", item) for item in value]
        case _:
            return value


def unknown_text(plan: Plan) -> Callable[[str, str], str]:
    """What may be shown of a member that the plan does not know: from its name and JSON text, JSON text."""
    hidden = lookalike(plan)
    if not any_masked(plan.columns):
        return lambda _, text: text

    def shown(name: str, text: str) -> str:
        if hidden(name):
            return json_text(HIDDEN)
        if text[0] not in "{[":
            return text
        try:
            value = strict_json.parse(text)
        except ValueError:
            return json_text(HIDDEN)
        inside = covered(hidden, "", value)
        return text if inside == value else strict_json.dump(inside)

    return shown
