"""The JSON schema that editors check and complete contracts by: `just schema`.

It is ODCS's own, as the installed package has it, with Headrace's settings among the custom properties.
"""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from headrace.domain.contract.extensions import COLUMN, CONTRACT, RELATIONSHIP, SERVER

TARGET = Path(__file__).parent.parent / "contracts/odcs.schema.json"


def contract_schema() -> dict[str, Any]:
    """ODCS's JSON schema, in which each `headrace.*` property has the value that Headrace reads."""
    standard = files("open_data_contract_standard").joinpath("schema.json").read_text()
    schema: dict[str, Any] = json.loads(standard)
    settings = {**CONTRACT, **SERVER, **COLUMN, **RELATIONSHIP}
    schema["title"] = f"{schema['title']}, with Headrace's settings"
    schema["$defs"]["CustomProperty"]["allOf"] = [_named_as_one_of(settings), *map(_valued, settings.items())]
    return schema


def _named_as_one_of(settings: dict[str, Any]) -> dict[str, Any]:
    named = {"properties": {"property": {"pattern": r"^headrace\."}}}
    return {"if": named, "then": {"properties": {"property": {"enum": sorted(settings)}}}}


def _valued(setting: tuple[str, Any]) -> dict[str, Any]:
    name, shape = setting
    return {"if": {"properties": {"property": {"const": name}}}, "then": {"properties": {"value": shape}}}


def as_text(schema: dict[str, Any]) -> str:
    """The schema as its file holds it."""
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    TARGET.write_text(as_text(contract_schema()))
    print(f"wrote {TARGET.name}")
