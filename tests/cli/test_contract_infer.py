"""`headrace contract infer`: from sample files to a contract that takes them."""

import json
from pathlib import Path
from typing import Any

import pytest

from headrace.domain.formats import Csv, JsonDocument, Ndjson
from headrace.domain.plan import (
    Array,
    Boolean,
    Date,
    Double,
    Integer,
    Json,
    Object,
    OneOf,
    Pattern,
    Text,
)
from headrace.engines.duckdb.infer import samples as sampling
from headrace_cli.contract import infer as inferring
from headrace_cli.failures import ExitCode
from tests.cli.conftest import Run
from tests.cli.samples import columns, drafted, ndjson, remark, tried

WHEELS = "".join(
    f"{n};wheel {n};{n}.5;{n % 12 + 1:02d}/{n % 28 + 1:02d}/2024;{('nein', 'ja')[n % 2]}\n" for n in range(40)
)


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    path = tmp_path / "wheels.csv"
    path.write_text(f"id;Wheel Name;diameter;builtOn;turns\n{WHEELS}", "utf-8")
    return path


def test_a_csv_file_gives_its_dialect_types_names_and_key(wheels: Path) -> None:
    text, plan = drafted(wheels)
    assert plan.formats == (Csv(delimiter=";"),)
    assert [(one.name, one.source, one.type) for one in plan.columns] == [
        ("id", "id", Integer()),
        ("wheel_name", "Wheel Name", Text()),
        ("diameter", "diameter", columns(plan)["diameter"].type),
        ("built_on", "builtOn", Date("%m/%d/%Y")),
        ("turns", "turns", Boolean(("ja",), ("nein",))),
    ]
    assert [(key.columns, key.rule) for key in plan.keys] == [(("id",), "primary_key")]
    assert all(one.required for one in plan.columns)
    assert remark(text, "id").startswith(
        "in all 40 rows; whole numbers from 0 to 39; all different; taken for"
    )


def test_the_draft_takes_the_rows_it_was_drafted_from(wheels: Path, tmp_path: Path) -> None:
    text, _ = drafted(wheels)
    found = tried(text, tmp_path, wheels)
    assert (found.curated, found.quarantined, found.new_fields) == (40, 0, ())


def test_nested_json_is_followed_and_what_has_no_shape_is_json(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {
            "title": f"t{n}",
            "cast": [{"name": f"n{n}", "born": "1999-01-31"}],
            "extra": n if n else [n],
            "at": {},
        }
        for n in range(5)
    ]
    path = tmp_path / "mills.json"
    path.write_text(json.dumps(rows))
    _, plan = drafted(path)
    found = columns(plan)
    assert plan.formats == (JsonDocument(),)
    assert isinstance(found["cast"].type, Array)
    assert isinstance(found["cast"].type.items, Object)
    assert [(one.name, one.type) for one in found["cast"].type.items.columns] == [
        ("name", Text()),
        ("born", Date()),
    ]
    assert (found["extra"].type, found["at"].type) == (Json(), Json())


def test_several_files_give_the_union_of_their_fields(tmp_path: Path) -> None:
    one = ndjson(tmp_path / "a.ndjson", [{"id": 1, "old": "x"}])
    two = ndjson(tmp_path / "b.ndjson", [{"id": 2, "new": 1.5}])
    text, plan = drafted(one, two)
    assert {name: (one.type, one.required) for name, one in columns(plan).items()} == {
        "id": (Integer(), True),
        "old": (Text(), False),
        "new": (Double(), False),
    }
    assert tried(text, tmp_path, one, two).curated == 2


def test_a_number_that_comes_again_in_another_file_is_no_key(tmp_path: Path) -> None:
    files = [ndjson(tmp_path / f"{name}.ndjson", [{"id": 1}, {"id": 2}]) for name in "ab"]
    assert drafted(*files)[1].keys == ()


def test_files_of_one_kind_that_are_written_differently_are_told_apart(tmp_path: Path, run: Run) -> None:
    files = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for file, mark in zip(files, ",;", strict=True):
        file.write_text(f"a{mark}b\n1{mark}2\n")
    ran = run("contract", "infer", *map(str, files))
    assert ran.exit_code == ExitCode.USAGE
    assert "are not written alike" in ran.stderr


def test_texts_that_stand_for_nothing_are_declared_as_such(tmp_path: Path) -> None:
    path = tmp_path / "mills.csv"
    path.write_text("depth,name\n1,a\nN/A,b\n3,c\n")
    text, plan = drafted(path)
    assert columns(plan)["depth"].type == Integer()
    assert plan.formats == (Csv(nulls=("", "N/A")),)
    assert tried(text, tmp_path, path).curated == 3


def test_words_that_come_often_are_a_list_and_uuids_are_held_to_their_form(tmp_path: Path) -> None:
    rows = [
        {"side": "left" if n % 2 else "right", "ref": f"00000000-0000-4000-8000-{n:012d}"} for n in range(120)
    ]
    _, plan = drafted(ndjson(tmp_path / "mills.ndjson", rows))
    assert columns(plan)["side"].rules == (OneOf(("left", "right")),)
    assert isinstance(columns(plan)["ref"].rules[0], Pattern)


def test_what_looks_personal_is_masked_and_no_value_of_it_is_written_down(tmp_path: Path) -> None:
    rows = [{"email": f"ann{n}@example.org", "who": {"phone": f"+49 170 123456{n}"}} for n in range(10)]
    text, plan = drafted(ndjson(tmp_path / "mills.ndjson", rows))
    who = columns(plan)["who"].type
    assert columns(plan)["email"].mask == "hash"
    assert isinstance(who, Object)
    assert who.columns[0].mask == "partial"
    assert "ann" not in text
    assert "170" not in text


def test_only_the_beginning_of_a_large_file_is_read_and_the_draft_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "MOST_ROWS", 10)
    path = tmp_path / "mills.csv"
    path.write_text("id,note\n" + "".join(f'{n},"two\nlines"\n' for n in range(50)))
    text, plan = drafted(path)
    assert "only the beginning was read" in text
    assert columns(plan)["id"].type == Integer()
    assert tried(text, tmp_path, path).curated == 50


def test_broken_records_are_counted_and_left_out(tmp_path: Path) -> None:
    path = tmp_path / "mills.ndjson"
    path.write_text('{"a": 1}\n{"a": \n{"a": 3}\n')
    text, plan = drafted(path)
    assert "1 record could not be read" in text
    assert columns(plan)["a"].type == Integer()


@pytest.mark.parametrize(
    "name",
    ["#", "a: b", "- a", "'", '"', "true", "1.0", "ü\u2028x", "{a}", "a\tb", "_row", "drop table x; --"],
)
def test_hostile_names_of_fields_are_quoted(tmp_path: Path, name: str) -> None:
    path = ndjson(tmp_path / "mills.ndjson", [{name: 1, "safe": 2}])
    text, plan = drafted(path)
    assert [one.source for one in plan.columns] == [name, "safe"]
    assert tried(text, tmp_path, path).new_fields == ()


def test_hostile_values_stay_in_their_comment(tmp_path: Path) -> None:
    value = "x\nversion: 9\n\u2028# \x07"
    text, plan = drafted(ndjson(tmp_path / "mills.ndjson", [{"a": value}] * 3))
    assert plan.contract.startswith("1.0.0+")
    assert "\nversion: 9" not in text


def test_a_text_of_json_that_stands_for_nothing_leaves_its_field_text(tmp_path: Path) -> None:
    path = ndjson(tmp_path / "mills.ndjson", [{"n": 1}, {"n": "N/A"}])
    _, plan = drafted(path)
    assert plan.formats == (Ndjson(),)
    assert columns(plan)["n"].type == Text()


def test_with_rows_enough_further_files_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inferring, "_ENOUGH_ROWS", 1)
    files = [ndjson(tmp_path / f"{name}.ndjson", [{name: 1}]) for name in "abc"]
    text, plan = drafted(*files)
    assert list(columns(plan)) == ["a"]
    assert "2 more files were not read" in text


# ── the command ──────────────────────────────────────────────────────────────────────────────────


def test_the_command_writes_where_contracts_belong_and_says_what_is_next(
    wheels: Path, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("contract", "infer", str(wheels), "--domain", "river")
    assert (ran.exit_code, ran.stdout) == (ExitCode.FINE, "contracts/river/wheels.odcs.yaml\n")
    assert "headrace contract try FILE --contract contracts/river/wheels.odcs.yaml" in ran.stderr
    assert run("contract", "check").stdout.startswith("river/wheels 1.0.0+")


def test_a_contract_that_is_there_is_not_written_over(
    wheels: Path, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    target = tmp_path / "river" / "mills.odcs.yaml"
    target.parent.mkdir()
    target.write_text("mine")
    ran = run("contract", "infer", str(wheels), "--output", str(target))
    assert ran.exit_code == ExitCode.USAGE
    assert "--force" in ran.stderr
    assert target.read_text() == "mine"
    assert (
        run("contract", "infer", str(wheels), "--output", str(target), "--force").exit_code == ExitCode.FINE
    )
    assert "domain: river\nname: mills\n" in target.read_text()


def test_a_dash_shows_the_draft_and_writes_nothing(
    wheels: Path, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("contract", "infer", str(wheels), "--output", "-")
    assert ran.stdout.startswith("# Drafted by `headrace contract infer` from 40 rows of wheels.csv.\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["wheels.csv"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\0", "binary data"),
        (b"[1, 2", "JSON"),
        (b"a,b\n", "no row"),
        (b'{"a": 1}\n', None),
    ],
)
def test_files_that_hold_nothing_to_infer_from_are_named(
    tmp_path: Path, run: Run, content: bytes, said: str | None
) -> None:
    path = tmp_path / "sample.dat"
    path.write_bytes(content)
    ran = run("contract", "infer", str(path), "--output", "-")
    if said is None:
        assert ran.exit_code == ExitCode.FINE
    else:
        assert (ran.exit_code, ran.stdout) == (ExitCode.TROUBLE, "")
        assert str(path) in ran.stderr
        assert said in ran.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["nowhere.csv"],
        ["."],
        [__file__, "--output", "mills.yaml"],
        [__file__, "--domain", "Not A Domain"],
        [__file__, "--dataset", "no/name"],
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(run: Run, arguments: list[str]) -> None:
    ran = run("contract", "infer", *arguments)
    assert (ran.exit_code, ran.stdout) == (ExitCode.USAGE, "")
