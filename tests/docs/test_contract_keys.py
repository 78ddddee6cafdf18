"""docs/adding-a-dataset.md tells every key, type, function and format that contracts may use."""

import re
from pathlib import Path
from typing import get_args

import pytest

from headrace.domain.contract import bounds, extensions, quality, rules, sql, types
from headrace.domain.contract.compile import compile_contract
from headrace.domain.contract.formats import ENCODINGS, FORMATS
from headrace.domain.contract.patterns import DATE_CODES
from headrace.domain.plan import SENSITIVE, Mask

PAGE = (Path(__file__).parents[2] / "docs/adding-a-dataset.md").read_text()
KEYS = {*extensions.CONTRACT, *extensions.SERVER, *extensions.COLUMN, *extensions.RELATIONSHIP}
WORDS = {
    *types.ACTED_ON,
    *(option for options in types.ACTED_ON.values() for option in options if option != "timezone"),
    *SENSITIVE,
    *quality.METRICS,
    *bounds.OPERATORS,
    *rules.TEXT_FORMATS,
    *FORMATS,
    *ENCODINGS,
    *get_args(Mask),
}


@pytest.mark.parametrize("key", sorted(KEYS))
def test_every_key_of_headrace_has_its_line(key: str) -> None:
    assert re.search(rf"^\|[^|]*\| *`{key}` \||^\| `{key}` \|", PAGE, re.MULTILINE)


def test_no_key_is_told_that_headrace_does_not_know() -> None:
    assert set(re.findall(r"headrace\.[a-zA-Z]+", PAGE)) == KEYS


@pytest.mark.parametrize("word", sorted(WORDS))
def test_every_type_option_class_and_mask_is_told(word: str) -> None:
    assert re.search(rf"`(?:metric: )?{re.escape(word)}`", PAGE)


@pytest.mark.parametrize("letter", sorted({code[0] for code in DATE_CODES}))
def test_every_letter_of_a_date_pattern_is_told(letter: str) -> None:
    told = re.findall(r"`([A-Za-z])\1*`", PAGE.split("JDK pattern")[1])
    assert letter in told


def test_the_functions_told_are_the_functions_allowed() -> None:
    told = re.findall(r"`(\w+)`", PAGE.split("one of these:")[1])
    assert sorted(told) == sorted(sql.FUNCTIONS)


def test_the_contract_that_the_page_shows_compiles_and_its_id_has_the_form_that_is_shown() -> None:
    block = PAGE.split("```yaml")[1].split("```")[0]
    text = "\n".join(line.removeprefix("   ") for line in block.splitlines()[1:])
    compilation = compile_contract("contracts/shop/orders.odcs.yaml", text)
    assert compilation.notes == ()
    shown = re.search(r"^ *shop/orders (.+)$", PAGE, re.MULTILINE)
    form = re.compile(r"1\.0\.0\+[0-9a-f]{8}")
    assert shown
    assert form.fullmatch(shown[1])
    assert form.fullmatch(compilation.compiled.contract)


def test_the_mart_that_the_page_shows_compiles() -> None:
    block = PAGE.split("```yaml")[3].split("```")[0]
    head = (
        "kind: DataContract\napiVersion: v3.1.0\nid: x\nversion: 1.0.0\ndomain: shop\nname: orders_by_day\n"
    )
    assert compile_contract("shop/orders_by_day.odcs.yaml", head + block).notes == ()


def test_the_examples_that_the_page_shows_are_of_the_contract_that_it_shows() -> None:
    contract, examples = PAGE.split("```yaml")[1:3]
    text = "\n".join(line.removeprefix("   ") for line in contract.split("```")[0].splitlines()[1:])
    text += examples.split("```")[0].partition("customProperties:\n")[2]
    assert len(compile_contract("contracts/shop/orders.odcs.yaml", text).examples) == 2
