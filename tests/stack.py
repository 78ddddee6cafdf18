"""The template, as it was written and as CloudFormation gets it, for tests to ask questions of."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from samcli.lib.translate.sam_template_validator import SamTemplateValidator
from samcli.yamlhelper import yaml_parse

PROJECT = Path(__file__).parent.parent
TEMPLATE = PROJECT / "template.yaml"
FUNCTIONS = tuple(sorted(path.name for path in (PROJECT / "functions").iterdir() if path.is_dir()))
STATE_MACHINES = ("ingest", "refresh_mart", "replay")

Resources = Mapping[str, dict[str, Any]]


def pascal(name: str) -> str:
    """`commit_batch` as logical ids and states write it: `CommitBatch`."""
    return "".join(word.capitalize() for word in name.split("_"))


@cache
def template() -> dict[str, Any]:
    """As written, with `!Ref X` as `{"Ref": "X"}`."""
    return dict(yaml_parse(TEMPLATE.read_text()))


@cache
def transformed() -> dict[str, Any]:
    """After the SAM transform: what CloudFormation, and so a security review, gets to see."""

    class NoManagedPolicies:
        def load(self) -> dict[str, str]:
            return {}

    validator = SamTemplateValidator(
        yaml_parse(TEMPLATE.read_text()), NoManagedPolicies(), region="us-east-1"
    )
    return dict(yaml.safe_load(validator.get_translated_template_if_valid()))


def resources(kind: str) -> Resources:
    """The properties of every resource of a type, by logical id, after the transform."""
    return {
        name: resource.get("Properties", {})
        for name, resource in transformed()["Resources"].items()
        if resource["Type"] == kind
    }


def functions() -> Resources:
    """The properties of every function, as written and with the Globals put in, by its folder."""
    shared = template()["Globals"]["Function"]
    written = {
        name: resource["Properties"]
        for name, resource in template()["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }
    return {Path(own["CodeUri"]).name: {**shared, **own} for own in written.values()}


def variables(function: str) -> set[str]:
    return set(functions()[function].get("Environment", {}).get("Variables", {}))


def definition(machine: str) -> dict[str, Any]:
    return dict(yaml.safe_load((PROJECT / "statemachines" / f"{machine}.asl.yaml").read_text()))


def refers(value: Any) -> Iterator[str]:
    """The logical ids that a value refers to, by Ref, Fn::GetAtt or Fn::Sub."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "Ref":
                yield inner
            elif key == "Fn::GetAtt":
                yield inner[0] if isinstance(inner, list) else inner.split(".")[0]
            elif key == "Fn::Sub":
                text = inner if isinstance(inner, str) else inner[0]
                yield from (part.split("}")[0].split(".")[0] for part in text.split("${")[1:])
            else:
                yield from refers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from refers(inner)


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def text(value: Any) -> str:
    """A value with its intrinsics, as text to look for things in."""
    return json.dumps(value, sort_keys=True)
