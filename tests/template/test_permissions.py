"""Who may do what, read after the SAM transform: SAM adds roles that the source does not show."""

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

from tests.stack import (
    FUNCTIONS,
    PROJECT,
    STATE_MACHINES,
    as_list,
    functions,
    pascal,
    refers,
    resources,
    text,
)

ON_EVERYTHING = {
    # The API takes no resource: Service Authorization Reference, "Amazon CloudWatch Logs" and "AWS X-Ray".
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
WITHOUT_PERMISSIONS = {"clock", "machine", "metrics", "zones"}
NAME_ONLY = {
    # These steps ask for the bucket's name alone; the lake is read and written by the catalog's adapter.
    ("admit_objects", "landing"),
    ("commit_batch", "lake"),
    ("plan_refresh", "lake"),
    ("rebuild_dataset", "lake"),
    ("register_dataset", "lake"),
}
BESIDE_PORTS = {"basics", "buffer", "undelivered"}
ROLES = tuple(resources("AWS::IAM::Role"))


def statements(role: str) -> Iterator[dict[str, Any]]:
    for policy in resources("AWS::IAM::Role")[role].get("Policies", []):
        yield from as_list(policy["PolicyDocument"]["Statement"])


def actions(role: str) -> set[str]:
    return {action for statement in statements(role) for action in as_list(statement["Action"])}


def policies(function: str) -> set[str]:
    role = resources("AWS::IAM::Role")[f"{pascal(function)}Role"]
    return {policy["PolicyName"] for policy in role["Policies"]}


def ports(function: str) -> set[str]:
    step = getattr(import_module(f"headrace.steps.{function}"), function)
    parameters = inspect.signature(step).parameters.values()
    return {one.name for one in parameters if one.kind is inspect.Parameter.KEYWORD_ONLY}


def unbounded(resource: Any) -> bool:
    """Whether a wildcard stands where an ARN names its resource, and not behind that name."""
    arn = resource if isinstance(resource, str) else resource.get("Fn::Sub", "")
    before, wildcard, _ = re.sub(r"\$\{AWS::\w+\}", "x", arn).partition("*")
    name = before.split(":", 5)[-1].rstrip(":")
    return bool(wildcard) and "${" not in before and not {":", "/"} & set(name)


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("*", True),
        ("arn:aws:s3:::*", True),
        ("arn:aws:logs:us-east-1:123456789012:*", True),
        ({"Fn::Sub": "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:*"}, True),
        ({"Fn::Sub": "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:execution:*"}, True),
        ({"Fn::Sub": "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:execution:one:*"}, False),
        ({"Fn::Sub": "${LakeBucket.Arn}/*"}, False),
        ({"Fn::GetAtt": ["Ledger", "Arn"]}, False),
    ],
)
def test_a_wildcard_is_told_from_a_path_below_a_name(resource: Any, expected: bool) -> None:
    assert unbounded(resource) is expected


@pytest.mark.parametrize("role", ROLES)
def test_no_role_has_an_action_with_a_wildcard(role: str) -> None:
    assert [action for action in actions(role) if "*" in action] == []
    assert not any({"NotAction", "NotResource"} & statement.keys() for statement in statements(role))


@pytest.mark.parametrize("role", ROLES)
def test_a_role_acts_on_everything_only_where_the_api_knows_no_resource(role: str) -> None:
    for statement in statements(role):
        if any(map(unbounded, as_list(statement["Resource"]))):
            assert set(as_list(statement["Action"])) <= ON_EVERYTHING


@pytest.mark.parametrize("role", ROLES)
def test_no_role_has_a_policy_that_somebody_else_writes(role: str) -> None:
    assert "ManagedPolicyArns" not in resources("AWS::IAM::Role")[role]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_role_has_the_policies_of_its_functions_ports(function: str) -> None:
    nameless = {port for name, port in NAME_ONLY if name == function}
    assert policies(function) - BESIDE_PORTS == ports(function) - WITHOUT_PERMISSIONS - nameless


def test_every_function_has_a_role_of_its_own() -> None:
    roles = [text(function["Role"]) for function in functions().values()]
    assert len(set(roles)) == len(FUNCTIONS)


def test_nobody_writes_to_the_landing_bucket() -> None:
    for role in ROLES:
        for statement in statements(role):
            if "LandingBucket" in set(refers(statement["Resource"])):
                assert not [one for one in as_list(statement["Action"]) if "Put" in one or "Delete" in one]


def test_only_refine_unit_reads_the_masking_secret() -> None:
    readers = {role for role in ROLES if "secretsmanager:GetSecretValue" in actions(role)}
    assert readers == {"RefineUnitRole"}


@pytest.mark.parametrize(
    ("port", "adapter", "service"),
    [
        ("alerts", "sns", "sns"),
        ("events", "eventbridge", "events"),
        ("executions", "stepfunctions", "states"),
        ("ledger", "dynamodb", "dynamodb"),
        ("masking_keys", "secretsmanager", "secretsmanager"),
    ],
)
def test_a_port_may_do_what_its_adapter_calls_and_nothing_more(port: str, adapter: str, service: str) -> None:
    modules = (PROJECT / "layers/platform/python/headrace/aws").glob(f"{adapter}*.py")
    source = "".join(module.read_text() for module in modules)
    called = {pascal(call) for call in re.findall(r"_client\.(\w+)\(", source)}
    if "TransactWriteItems" in called:  # is allowed by the actions of its parts
        called -= {"TransactWriteItems"}
        called |= {f"{part}Item" for part in re.findall(r'"(Put|Delete|Update|ConditionCheck)": ', source)}
    for role in resources("AWS::IAM::Role").values():
        for policy in role.get("Policies", []):
            if policy["PolicyName"] == port:
                given = as_list(policy["PolicyDocument"]["Statement"])
                allowed = {action for statement in given for action in as_list(statement["Action"])}
                assert allowed == {f"{service}:{call}" for call in called}


@pytest.mark.parametrize("machine", [pascal(name) for name in STATE_MACHINES])
def test_a_state_machine_invokes_the_functions_it_is_given_and_no_others(machine: str) -> None:
    given = set(refers(resources("AWS::StepFunctions::StateMachine")[f"{machine}StateMachine"]))
    invoked = {
        function
        for statement in statements(f"{machine}Role")
        if statement["Action"] == "lambda:InvokeFunction"
        for function in refers(statement["Resource"])
    }
    assert invoked == {name for name in given if name.endswith("Function")}


def test_the_key_is_administered_by_the_account_and_opened_to_alarms() -> None:
    (key,) = resources("AWS::KMS::Key").values()
    by_account, by_alarms = key["KeyPolicy"]["Statement"]
    root = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
    assert by_account["Principal"] == {"AWS": root}
    assert by_alarms["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert by_alarms["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert not [action for action in by_alarms["Action"] if "*" in action]
    assert key["EnableKeyRotation"] is True


@pytest.mark.parametrize("role", ROLES)
def test_a_role_uses_the_key_through_the_services_that_keep_the_data_only(role: str) -> None:
    for statement in statements(role):
        if any(action.startswith("kms:") for action in as_list(statement["Action"])):
            assert statement["Resource"] == {"Fn::GetAtt": ["Key", "Arn"]}
            through = statement["Condition"]["StringLike"]["kms:ViaService"]
            assert through == {"Fn::Sub": "*.${AWS::Region}.amazonaws.com"}
