"""Gap: a state machine whose definition file is YAML deploys, and then every execution fails.

CloudFormation takes the file behind `DefinitionUri` as JSON or YAML; MiniStack stores it as it is and its
executions parse JSON only (`InvalidDefinition`). Here the definition is JSON once it is stored.
"""

import json
from typing import Any

import yaml
from ministack.services.cloudformation import provisioners


def close() -> None:
    read = provisioners._sfn_definition

    def read_as_json(properties: dict[str, Any]) -> str:
        definition: str = read(properties)
        try:
            json.loads(definition)
        except json.JSONDecodeError:
            return json.dumps(yaml.safe_load(definition))
        return definition

    provisioners._sfn_definition = read_as_json
