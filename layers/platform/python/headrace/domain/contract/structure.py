"""Whether a contract has the structure of the Open Data Contract Standard."""

import re

from open_data_contract_standard import model
from open_data_contract_standard.model import OpenDataContractStandard
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from headrace.domain.contract.source import Findings, Place, did_you_mean, excerpt

_API_VERSION = re.compile(r"v3\.[012]\.\d{1,3}")
_REQUIRED = ("kind", "apiVersion", "id", "version")
_REQUIRED_OF_TABLES = (*_REQUIRED, "domain", "name", "schema")
_KEYS = frozenset(
    field.alias or name
    for each in vars(model).values()
    if isinstance(each, type) and issubclass(each, BaseModel)
    for name, field in each.model_fields.items()
)


def check_structure(root: Place, of_a_table: bool, found: Findings) -> None:
    """Find every key that is missing, that ODCS does not know or that holds the wrong kind of value."""
    for key in _REQUIRED_OF_TABLES if of_a_table else _REQUIRED:
        if root.get(key) is None:
            found.problem(root.entries.get(key, root), f"the key {key} is missing", f"add {key}")
    kind, version = root.get("kind"), root.get("apiVersion")
    if kind and kind.value != "DataContract":
        found.problem(kind, f"{excerpt(kind.value)} is no kind of contract", "write kind: DataContract")
    if version and not _API_VERSION.fullmatch(str(version.value)):
        found.problem(
            version, f"{excerpt(version.value)} is not a version read here", "write apiVersion: v3.1.0"
        )
    try:
        OpenDataContractStandard.model_validate(root.value, extra="forbid")
    except ValidationError as error:
        _explain(root, error.errors(include_url=False), found)


def _explain(root: Place, errors: list[ErrorDetails], found: Findings) -> None:
    placed = [(*_follow(root, error["loc"]), error) for error in errors]
    for place, named, error in placed:
        inside = any(other.path != place.path and other.path.startswith(place.path) for other, _, _ in placed)
        if not named and inside:
            continue  # the branch of a union that was not meant: another branch says what is wrong
        if error["type"] == "extra_forbidden":
            key = str(error["loc"][-1])
            advice = did_you_mean(key, _KEYS, "remove it: what ODCS does not know goes to customProperties")
            found.problem(place, f"the key {excerpt(key)} is unknown here", advice, place.key)
        elif error["type"] == "string_type" and place.text:
            found.problem(place, f"{place.text} is not text", f'put it in quotes: "{place.text}"')
        elif error["type"].startswith("bool"):
            found.problem(place, f"{excerpt(place.value)} is neither true nor false", "write true or false")
        else:
            found.problem(place, f"{excerpt(place.value)}: {_plainly(error['msg'])}", "write it as ODCS says")


def _follow(root: Place, location: tuple[int | str, ...]) -> tuple[Place, bool]:
    """The place of an error, and whether the whole location names it: pydantic adds its unions' branches."""
    place, named = root, True
    for step in location:
        inner = place.entries.get(str(step))
        if isinstance(step, int) and step < len(place.items):
            inner = place.items[step]
        place, named = inner or place, inner is not None
    return place, named


def _plainly(message: str) -> str:
    return message[:1].lower() + message[1:]
