"""Objects of every kind of poison in one batch with five hundred sound ones: each costs itself alone."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headrace.ports import LedgerObject
from tests.end_to_end.conftest import Headrace
from tests.poison import CONTRACT, DELETED, GOOD, POISON, good

pytestmark = [pytest.mark.laptop, pytest.mark.slow]

EXTRA_S = 30


def land(headrace: Headrace, dataset: str, bodies: dict[str, bytes]) -> dict[str, str]:
    """Land objects before their dataset is registered, until all are known; returns their version ids."""
    deployment = headrace.deployment
    s3, bucket = deployment.clients.s3, deployment.outputs.landing_bucket

    def put(name: str) -> str:
        return str(
            s3.put_object(Bucket=bucket, Key=f"river/{dataset}/{name}", Body=bodies[name])["VersionId"]
        )

    with ThreadPoolExecutor(8) as pool:
        versions = dict(zip(bodies, pool.map(put, bodies), strict=True))
    headrace.at_rest()
    assert len([one for one in headrace.objects("unrouted") if f"/{dataset}/" in one.object.key]) == len(
        bodies
    )
    return versions


def register(headrace: Headrace, folder: Path, dataset: str) -> float:
    """Register the dataset, which takes up what landed for it; returns the seconds until all is at rest."""
    path = folder / "river" / f"{dataset}.odcs.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(CONTRACT.format(name=dataset))
    begun = time.monotonic()
    headrace("register", path)
    headrace.at_rest()
    return time.monotonic() - begun


def ends(headrace: Headrace, dataset: str) -> dict[str, LedgerObject]:
    prefix = f"river/{dataset}/"
    return {one.object.key.removeprefix(prefix): one for one in headrace.objects(f"river/{dataset}")}


def test_every_kind_of_poison_costs_one_quarantine_and_no_neighbour(
    headrace: Headrace, tmp_path: Path
) -> None:
    sound = {f"{number:03d}.csv": good(number) for number in range(GOOD)}
    land(headrace, "clean", sound)
    clean = register(headrace, tmp_path, "clean")
    assert Counter(str(one.state) for one in ends(headrace, "clean").values()) == {"LOADED": GOOD}

    poison = {name: body() for name, body in POISON.items()} | {DELETED: good(1)}
    versions = land(headrace, "wheels", sound | poison)
    deployment = headrace.deployment
    deployment.clients.s3.delete_object(
        Bucket=deployment.outputs.landing_bucket, Key=f"river/wheels/{DELETED}", VersionId=versions[DELETED]
    )
    poisoned = register(headrace, tmp_path, "wheels")
    ended = ends(headrace, "wheels")
    assert {name for name, one in ended.items() if one.state == "LOADED"} == set(sound)
    assert {name for name, one in ended.items() if one.state == "QUARANTINED"} == set(poison)
    assert {one.batch for one in ended.values()} == {1}
    assert all((one.rows, one.quarantined) == (1, 1) for name, one in ended.items() if name in poison)
    assert headrace.conserved("river/wheels") == 2 * GOOD + len(poison)
    assert poisoned < clean + EXTRA_S
