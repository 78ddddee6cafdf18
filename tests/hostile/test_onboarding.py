"""A contract drafted from naughty files compiles, and takes the very files that it was drafted from."""

import unicodedata
from pathlib import Path

import pytest
from typer.testing import CliRunner

from headrace.domain.formats import Csv
from headrace_cli.app import app
from tests.cli.samples import drafted, tried
from tests.hostile import test_names as names
from tests.hostile import test_values as values
from tests.hostile.flow import contract

SAMPLES = [*(f"values.{kind}" for kind in values.WRITERS), *(f"names.{kind}" for kind in names.WRITERS)]


def sample_of(name: str, strings: tuple[str, ...]) -> bytes:
    what, kind = name.split(".")
    if what == "values":
        return values.WRITERS[kind](values.rows_of(strings))
    return names.WRITERS[kind]({"id": "1", **names.fields_of(strings, kind)})


@pytest.mark.parametrize("name", SAMPLES)
def test_a_drafted_contract_takes_its_own_sample(tmp_path: Path, strings: tuple[str, ...], name: str) -> None:
    sample = tmp_path / name
    sample.write_bytes(sample_of(name, strings))
    text, plan = drafted(sample)
    result = tried(text, tmp_path, sample)
    rows = len(strings) if name.startswith("values") else 1
    if Csv(header=False) in plan.formats:  # a header that has numbers reads as a row
        rows += 1
    assert (result.rows, result.curated, result.quarantined) == (rows, rows, 0)
    assert len({one.name for one in plan.columns}) == len(plan.columns)


def test_a_text_without_structure_is_drafted_or_refused_with_a_reason(
    tmp_path: Path, strings: tuple[str, ...]
) -> None:
    """One text a line, as the list itself comes."""
    sample = tmp_path / "sayings.csv"
    sample.write_text("\n".join(one for one in strings if one.isprintable()), "utf-8")
    text, _ = drafted(sample)
    result = tried(text, tmp_path, sample)
    assert result.rows == result.curated + result.quarantined


def test_what_is_shown_of_them_has_no_power_over_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, strings: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("headrace_cli.contract.trial._EXAMPLES", len(strings))
    sample = tmp_path / "a.ndjson"
    short = [{"name": "said", "logicalType": "string", "logicalTypeOptions": {"maxLength": 1}}]
    (tmp_path / "river").mkdir()
    path = tmp_path / "river" / "sayings.odcs.yaml"
    path.write_text(contract(*short, kind="ndjson"), "utf-8")
    sample.write_bytes(values.as_ndjson(values.rows_of(strings)))
    shown = CliRunner().invoke(app, ["contract", "try", str(sample), "--contract", str(path)]).output
    assert {one for one in shown if unicodedata.category(one) in ("Cc", "Zl", "Zp")} == {"\n"}
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
