"""What the layers carry: the locked libraries, for the right processor, and light enough."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.stack import FUNCTIONS, PROJECT, resources, template
from tools.sizes import ARCHITECTURES, LIMIT, Build, build, can_start, environment_of

DEPENDENCIES = PROJECT / "layers" / "dependencies"
REQUIREMENTS = DEPENDENCIES / "requirements.txt"
MAKEFILE = DEPENDENCIES / "Makefile"


def test_the_requirements_are_what_the_lock_says() -> None:
    """`just requirements` writes them anew; the command stands in their second line."""
    written = REQUIREMENTS.read_text().splitlines()
    command = written[1].strip("# ").split(" --output-file ")[0]
    exported = subprocess.run(
        [*command.split(), "--no-header"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert exported.stdout.splitlines() == written[2:]


def test_every_requirement_is_checked_against_hashes() -> None:
    pinned = [one for one in re.split(r"\n(?=\S)", REQUIREMENTS.read_text()) if not one.startswith("#")]
    assert len(pinned) > 20
    assert [one for one in pinned if "--hash=sha256:" not in one] == []
    assert "--require-hashes" in MAKEFILE.read_text()


def test_no_layer_carries_pandas() -> None:
    """PyArrow would import it wherever it is installed."""
    assert "pandas" not in REQUIREMENTS.read_text()


def test_the_layer_keeps_the_description_of_every_service_that_is_called() -> None:
    clients = (PROJECT / "layers/platform/python/headrace/aws/clients.py").read_text()
    (kept,) = re.findall(r"^SERVICES := (.*)$", MAKEFILE.read_text(), re.M)
    called = set(re.findall(r'client\("(\w+)"', clients))
    assert called
    assert called <= set(kept.split())


def test_the_laptop_leaves_the_layers_out() -> None:
    for function in resources("AWS::Lambda::Function").values():
        condition, on_aws, on_a_laptop = function["Layers"]["Fn::If"]
        assert condition == "OnAws"
        assert len(on_aws) == 2
        assert on_a_laptop == []
    assert template()["Conditions"]["OnAws"] == {"Fn::Equals": [{"Ref": "Target"}, "aws"]}
    layers = [one for one in template()["Resources"].values() if one["Type"].endswith("LayerVersion")]
    assert [layer["Condition"] for layer in layers] == ["OnAws", "OnAws"]


@pytest.fixture(scope="module", params=ARCHITECTURES)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Build:
    return build(request.param, Path(tmp_path_factory.mktemp(request.param)))


needs_a_build = pytest.mark.skipif(
    "HEADRACE_TEST_BUILD" not in os.environ,
    reason="downloads 100 MB of wheels for each processor: set HEADRACE_TEST_BUILD=1",
)


@pytest.mark.build
@needs_a_build
def test_a_function_with_its_layers_is_light_enough_for_lambda(built: Build) -> None:
    weights = {function: built.weight(function) for function in FUNCTIONS}
    assert set(built.functions) == set(FUNCTIONS)
    assert {function: weight for function, weight in weights.items() if weight > LIMIT} == {}


@pytest.mark.build
@needs_a_build
def test_every_library_is_for_the_functions_processor(built: Build) -> None:
    assert built.strangers() == []


@pytest.mark.build
@needs_a_build
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_handler_starts_from_what_was_built_and_nothing_else(built: Build, function: str) -> None:
    if not can_start(built.architecture):
        pytest.skip(f"this machine does not run Python 3.13 for {built.architecture}")
    assert built.start(function, environment_of(function)) == ""
