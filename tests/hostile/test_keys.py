"""Naughty texts as keys of landed objects: none leads out of where it belongs."""

import io
import zipfile
from collections.abc import Sequence

import pytest

from tests.hostile.flow import Flow, contract

TRAVERSALS = (
    "../../../../canary",
    "../../../../canary/../escaped.csv",
    "/canary",
    "..",
    ".",
    "a//b/./../c",
    "~/escaped.csv",
    "C:\\escaped.csv",
    "escaped.csv\x00.csv",
    "%2e%2e/%2e%2e/escaped.csv",
    "a" * 900,
    "deep/" * 180,
)


def keys_of(strings: Sequence[str]) -> list[str]:
    """The texts that S3 takes as the rest of a key."""
    return [one for one in dict.fromkeys((*strings, *TRAVERSALS)) if one and len(one.encode()) < 1000]


def test_an_object_is_loaded_under_exactly_its_key(flow: Flow, strings: tuple[str, ...]) -> None:
    flow.world.register(contract({"name": "said", "logicalType": "string"}))
    keys = keys_of(strings)
    flow.land({key: f"said\nvalue {at}\n".encode() for at, key in enumerate(keys)})
    flow.check()
    assert flow.states() == dict.fromkeys(keys, "LOADED")
    found = {row["said"]: row["_object"] for row in flow.curated()}
    assert {value: identity.rpartition("?versionId=")[0] for value, identity in found.items()} == {
        f"value {at}": f"s3://landing/river/sayings/{key}" for at, key in enumerate(keys)
    }


def test_what_stands_under_no_dataset_is_refused_once_and_for_all(
    flow: Flow, strings: tuple[str, ...]
) -> None:
    flow.world.register(contract({"name": "said", "logicalType": "string"}))
    for key in keys_of(strings):
        flow.world.land(key, b"said\nnothing\n")
    flow.world.rest()
    flow.check()
    refused = flow.world.ledger.objects("unrouted")
    assert {one.object.key for one in refused} == set(keys_of(strings))
    assert {one.state.value for one in refused} == {"QUARANTINED"}


def test_members_of_an_archive_stay_inside(flow: Flow, strings: tuple[str, ...]) -> None:
    flow.world.register(contract({"name": "said", "logicalType": "string"}))
    names = [one for one in keys_of(strings) if "\x00" not in one and not one.endswith("/")]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for at, name in enumerate(names[:60]):
            archive.writestr(zipfile.ZipInfo(name), f"said\nvalue {at}\n")
    flow.land({"a.zip": file.getvalue()})
    flow.check()
    (state,) = flow.states().values()
    assert state in ("LOADED", "QUARANTINED")


@pytest.mark.parametrize("key", ["river/sayings/", "river/sayings//", "river/sayings/a/"])
def test_a_folder_is_no_object(flow: Flow, key: str) -> None:
    flow.world.register(contract({"name": "said", "logicalType": "string"}))
    flow.world.land(key, b"")
    flow.world.reconcile(list_landing=True)
    flow.world.rest()
    flow.check()
    assert flow.states() == {}
