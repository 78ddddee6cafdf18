"""`headrace contract test`: a contract is held to its own examples."""

import json
from pathlib import Path

import pytest

from headrace_cli.failures import ExitCode
from tests.cli.conftest import TIDES, Run

EXAMPLES = """\
customProperties:
  - property: headrace.examples
    value:
      - {row: {harbour: Brest, height_m: 3.5}, valid: true}
      - {row: {harbour: "", height_m: high}, breaks: [harbour required, height_m type]}
"""


def write(contracts: Path, examples: str) -> None:
    (contracts / "sea" / "tides.odcs.yaml").write_text(TIDES + examples)


def test_examples_that_hold_pass(contracts: Path, run: Run) -> None:
    write(contracts, EXAMPLES)
    ran = run("contract", "test")
    assert ran.exit_code == ExitCode.FINE
    assert ran.stdout.count("pass") == 2
    assert "2 examples, 0 failed" in ran.stderr


@pytest.mark.parametrize(
    ("old", "new", "line", "expected", "got"),
    [
        ("height_m: 3.5", "height_m: deep", 18, "kept", "height_m type"),
        ('harbour: ""', "harbour: Brest", 19, "harbour required, height_m type", "height_m type"),
        (
            "[harbour required, height_m type]",
            "[height_m type]",
            19,
            "height_m type",
            "harbour required, height_m type",
        ),
    ],
)
def test_an_example_that_does_not_hold_says_what_it_should_give_and_gave(
    contracts: Path, run: Run, old: str, new: str, line: int, expected: str, got: str
) -> None:
    write(contracts, EXAMPLES.replace(old, new))
    ran = run("contract", "test")
    assert ran.exit_code == ExitCode.TROUBLE
    (failed,) = (shown for shown in ran.stdout.splitlines() if "FAIL" in shown)
    assert [part.strip() for part in failed.split("  ") if part.strip()] == [
        "FAIL",
        f"contracts/sea/tides.odcs.yaml:{line}",
        expected,
        got,
    ]


def test_an_example_may_repeat_the_key_of_an_earlier_one(contracts: Path, run: Run) -> None:
    (contracts / "sea" / "tides.odcs.yaml").write_text(
        TIDES.replace(
            "name: harbour, logicalType: string, required: true",
            "name: harbour, logicalType: string, primaryKey: true",
        )
        + EXAMPLES.replace(
            '{harbour: "", height_m: high}, breaks: [harbour required, height_m type]',
            "{harbour: Brest, height_m: 1}, breaks: [harbour primary_key]",
        )
    )
    assert run("contract", "test").exit_code == ExitCode.FINE


def test_the_answer_for_programs_has_every_example(contracts: Path, run: Run) -> None:
    write(contracts, EXAMPLES)
    (tested,) = json.loads(run("contract", "test", "--json").stdout)
    assert [(one["line"], one["expected"], one["got"]) for one in tested["outcomes"]] == [
        (18, [], []),
        (
            19,
            [["harbour", "required"], ["height_m", "type"]],
            [["harbour", "required"], ["height_m", "type"]],
        ),
    ]


def test_a_contract_without_examples_is_named(contracts: Path, run: Run) -> None:
    ran = run("contract", "test")
    assert (ran.exit_code, ran.stdout) == (ExitCode.FINE, "")
    assert "without examples (headrace.examples): sea/tides" in ran.stderr
