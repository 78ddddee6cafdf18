"""contracts/odcs.schema.json is what editors check contracts by: ODCS's schema with Headrace's settings."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft201909Validator  # type: ignore[import-untyped] # it carries no types

from headrace.domain.contract.extensions import COLUMN, CONTRACT, RELATIONSHIP, SERVER
from tools.contract_schema import TARGET, as_text, contract_schema

CONTRACTS = sorted(TARGET.parent.rglob("*.odcs.yaml"))
VALIDATOR = Draft201909Validator(json.loads(TARGET.read_text()))


def contract() -> Any:
    """The first contract of the project, as JSON."""
    return plain(CONTRACTS[0])


def plain(path: Path) -> Any:
    return json.loads(json.dumps(yaml.safe_load(path.read_text()), default=str))


def test_the_schema_that_is_kept_is_the_schema_that_is_made() -> None:
    assert TARGET.read_text() == as_text(contract_schema()), "run: just schema"


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.stem)
def test_the_project_s_contracts_keep_the_schema(path: Path) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(plain(path))] == []


@pytest.mark.parametrize("name", sorted({*CONTRACT, *SERVER, *COLUMN, *RELATIONSHIP}))
def test_an_editor_tells_when_a_setting_has_a_value_that_is_not_read(name: str) -> None:
    document = contract()
    document["customProperties"] = [{"property": name, "value": {"no": ["value"]}}]
    assert not VALIDATOR.is_valid(document)


def test_an_editor_tells_when_a_setting_is_misspelled_and_lets_those_of_others_be() -> None:
    document = contract()
    document["customProperties"] = [{"property": "headrace.evolutoin", "value": "freeze"}]
    assert not VALIDATOR.is_valid(document)
    document["customProperties"] = [{"property": "lake.evolutoin", "value": "freeze"}]
    assert VALIDATOR.is_valid(document)
