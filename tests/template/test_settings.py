"""What a function is told is what its ports read: nothing less, nothing more."""

from collections.abc import Iterator, Mapping
from importlib import import_module

import boto3
import pytest

from headrace.aws.clients import Clients
from headrace.runtime import Platform, bind
from headrace.settings import Settings
from tests.stack import FUNCTIONS, functions, variables

BY_LAMBDA = {
    "AWS_REGION": "us-east-1",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
}


class Read(Mapping[str, str]):
    """An environment that has everything, and remembers what was asked of it."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return BY_LAMBDA.get(name, "arn:aws:states:us-east-1:000000000000:stateMachine:some")

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_exactly_the_variables_that_its_ports_read(function: str) -> None:
    environment = Read()
    platform = Platform(
        Settings(environment), Clients(boto3.Session("test", "test", region_name="us-east-1"))
    )
    bind(getattr(import_module(f"headrace.steps.{function}"), function), platform)
    assert variables(function) == environment.names - BY_LAMBDA.keys()


def test_every_setting_is_some_functions() -> None:
    environment = Read()
    settings = Settings(environment)
    for name in vars(Settings):
        if not name.startswith("_"):
            getattr(settings, name)
    assert environment.names - BY_LAMBDA.keys() == set().union(*map(variables, functions()))
