"""Whatever is dropped ends in a terminal state with a reason, and its neighbours are not disturbed."""

import gzip
from pathlib import Path

import pytest

from tests.end_to_end.conftest import PROJECT, Headrace

pytestmark = [pytest.mark.laptop, pytest.mark.slow]

COUNTRIES = PROJECT / "examples/aviation/countries/countries.csv"
NAMES = [
    "a b.csv",
    "a+b.csv",
    "100%25.csv",
    "%2B.csv",
    "飛行場 é.csv",
    "new\nline.csv",
    "\"quoted\" 'x'.csv",
    "$(id);.csv",
]


def test_hostile_names_are_loaded_under_exactly_their_names(headrace: Headrace, tmp_path: Path) -> None:
    header, *lines = COUNTRIES.read_text(encoding="utf-8").splitlines(keepends=True)
    for number, name in enumerate(NAMES):
        (tmp_path / name).write_text(header + lines[number], encoding="utf-8")
    headrace("put", *[tmp_path / name for name in NAMES], "--dataset", "aviation/countries", "--wait")
    ended = {one.object.key: one.state for one in headrace.objects("aviation/countries")}
    assert ended == {f"aviation/countries/{name}": "LOADED" for name in NAMES}
    seen = {row["_object"] for row in headrace.rows("SELECT DISTINCT _object FROM aviation_countries")}
    assert {identity.split("/", 3)[3].rsplit("?", 1)[0] for identity in seen} == set(ended)


def test_what_cannot_be_read_ends_with_its_reason(headrace: Headrace, tmp_path: Path) -> None:
    body = COUNTRIES.read_bytes()
    files = {
        "good.csv": body,
        "empty.csv": b"",
        "picture.csv": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20,
        "other.csv": b"colour,taste\nred,sweet\n",
        "cut.csv.gz": gzip.compress(body)[:-40],
        "parquet.csv": b"PAR1" + bytes(64) + b"PAR1",
        "good.csv.gz": gzip.compress(body),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    headrace("put", *[tmp_path / name for name in files], "--dataset", "aviation/countries", "--wait")
    ended = {one.object.key.split("/")[-1]: one for one in headrace.objects("aviation/countries")}
    for name in files:
        if name.startswith("good"):
            assert ended[name].state in ("LOADED", "LOADED_WITH_REJECTS")
        else:
            assert ended[name].state == "QUARANTINED"
            assert len(ended[name].reason) > 20
    assert headrace.value("SELECT count(*) FROM aviation_countries") == 249  # a country stands there once
    headrace.conserved("aviation/countries")


def test_an_object_no_dataset_takes_is_told_with_what_to_do(headrace: Headrace) -> None:
    deployment = headrace.deployment
    bucket = deployment.outputs.landing_bucket
    for key in ("nobody/knows/a.csv", "stray.csv"):
        deployment.clients.s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    headrace.at_rest()
    refused = {one.object.key: one for one in headrace.objects("unrouted")}
    assert {one.state for one in refused.values()} == {"QUARANTINED"}
    assert "nobody/knows" in refused["nobody/knows/a.csv"].reason
    assert "<domain>/<dataset>/" in refused["stray.csv"].reason


def test_a_malformed_contract_is_refused_with_its_line_and_nothing_is_registered(
    headrace: Headrace, tmp_path: Path
) -> None:
    good = (PROJECT / "contracts/aviation/countries.odcs.yaml").read_text()
    folder = tmp_path / "aviation"
    folder.mkdir()
    (folder / "atolls.odcs.yaml").write_text(good.replace("name: countries", "name: atolls"))
    (folder / "broken.odcs.yaml").write_text(
        good.replace("name: countries", "name: broken").replace(
            "logicalType: string", "logicalType: strng", 1
        )
    )
    headrace("register", tmp_path, code=4)
    names = [str(state.dataset) for state in headrace.deployment.ledger.datasets()]
    assert "aviation/atolls" not in names
    assert "aviation/broken" not in names
