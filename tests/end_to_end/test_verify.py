"""`headrace verify` on a laptop: what is right passes by Athena's own counting, and what is not is told."""

import json
from pathlib import Path

import pytest

from headrace.domain.dataset import DatasetId
from headrace_cli.failures import ExitCode
from headrace_cli.verify import PortRows
from headrace_cli.verify.athena import AthenaRows
from tests.end_to_end.conftest import Headrace

pytestmark = pytest.mark.laptop

COUNTRIES = DatasetId("aviation", "countries")
HEADER = "id,code,name,continent,wikipedia_link,keywords\n"


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Two files of countries, one with a row that its contract refuses."""
    bodies = {
        "good.csv": "1,IS,Iceland,EU,,\n2,NO,Norway,EU,,\n",
        "mixed.csv": "3,SE,Sweden,EU,,\nfour,XX,Nowhere,EU,,\n",
    }
    for name, body in bodies.items():
        (tmp_path / name).write_text(HEADER + body)
    return [tmp_path / name for name in bodies]


def test_what_is_right_passes_and_what_is_lost_is_told(headrace: Headrace, files: list[Path]) -> None:
    headrace("put", *files, "--dataset", "aviation/countries", "--wait")
    headrace.at_rest()
    assert "0 violations; all at rest" in headrace("verify")
    found = json.loads(headrace("verify", "aviation/countries", "--json", "--settle", "0"))
    assert (found["datasets"], found["objects"], found["rows"]) == (["aviation/countries"], 2, 4)

    deployment = headrace.deployment
    by_athena = AthenaRows(deployment).seen(COUNTRIES)
    assert by_athena == PortRows(deployment.catalog, deployment.zones).seen(COUNTRIES)
    assert sum(one.rows for one in by_athena.quarantine.values()) == 1

    (lost, *_) = deployment.catalog.files(deployment.zones.curated(COUNTRIES))
    bucket, _, key = lost.removeprefix("s3://").partition("/")
    deployment.clients.s3.delete_object(Bucket=bucket, Key=key)
    told = headrace("verify", code=ExitCode.TROUBLE)
    assert f"names a file that is not there ({lost})" in told
    assert "I1 aviation/countries: a table cannot be read" in told
