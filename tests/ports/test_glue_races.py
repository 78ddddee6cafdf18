"""What only the Glue catalog can show of commits: races at exact moments, and lost answers."""

from collections.abc import Callable

import pytest
from pyiceberg.catalog.glue import GlueCatalog

from headrace.aws.glue_iceberg import GlueTableCatalog
from headrace.domain.errors import (
    CommitConflict,
    IncompatibleTable,
    OutcomeUnknown,
    Refused,
    Throttled,
    Unavailable,
)
from headrace.domain.zones import WATERMARK, TableRef
from headrace.ports import TableSpec
from tests.ports.faults import lose_answer, meanwhile, refuse
from tests.ports.glue_tables import ALBUMS, DUKE, ELLA, made
from tests.ports.worlds import EmulatedCatalog, EmulatedWorld

Commit = Callable[[], int]


def appending(catalog: EmulatedCatalog, ref: TableRef) -> Commit:
    file = catalog.parquet(ref, [ELLA])
    return lambda: catalog.append(ref, [file], {WATERMARK: "1"}, {WATERMARK: None})


def setting_properties(catalog: EmulatedCatalog, ref: TableRef) -> Commit:
    return lambda: catalog.append(ref, [], {WATERMARK: "1"}, {WATERMARK: None})


def replacing(catalog: EmulatedCatalog, ref: TableRef) -> Commit:
    stage = TableRef(ref.database, "stage")
    location = catalog.iceberg.load_table((ref.database, ref.name)).location()
    catalog.ensure(TableSpec(stage, ALBUMS, f"{location}_stage", {}))
    catalog.append(stage, [catalog.parquet(stage, [ELLA])], {}, {})
    return lambda: catalog.replace(ref, stage, {WATERMARK: "1"}, {WATERMARK: None})


commits = pytest.mark.parametrize(
    ("preparing", "loads"), [(appending, 1), (setting_properties, 1), (replacing, 2)]
)


@commits
def test_a_rival_between_our_read_and_our_commit_wins(
    cloud: EmulatedWorld, preparing: Callable[[EmulatedCatalog, TableRef], Commit], loads: int
) -> None:
    catalog, rival, ref = cloud.catalog(), cloud.catalog(), made(cloud)
    commit, theirs = preparing(catalog, ref), rival.parquet(ref, [DUKE])
    snapshots = []

    def interfere() -> None:
        snapshots.append(rival.append(ref, [theirs], {WATERMARK: "1"}, {WATERMARK: None}))

    meanwhile(catalog.iceberg.glue, "GetTable", interfere, call=loads + 1)
    with pytest.raises(CommitConflict):
        commit()
    assert catalog.state(ref).snapshot_id == snapshots[0]
    assert catalog.rows(ref) == [DUKE]


@pytest.mark.laptop
@commits
def test_a_rival_between_our_check_and_our_update_wins(
    laptop: EmulatedWorld, preparing: Callable[[EmulatedCatalog, TableRef], Commit], loads: int
) -> None:
    catalog, rival, ref = laptop.catalog(), laptop.catalog(), made(laptop)
    commit, theirs = preparing(catalog, ref), rival.parquet(ref, [DUKE])
    snapshots = []

    def interfere() -> None:
        snapshots.append(rival.append(ref, [theirs], {WATERMARK: "1"}, {WATERMARK: None}))

    meanwhile(catalog.iceberg.glue, "UpdateTable", interfere)
    with pytest.raises(CommitConflict):
        commit()
    assert catalog.state(ref).snapshot_id == snapshots[0]
    assert catalog.rows(ref) == [DUKE]


@commits
def test_a_rival_that_leaves_the_fence_alone_does_not_hide_behind_it(
    cloud: EmulatedWorld, preparing: Callable[[EmulatedCatalog, TableRef], Commit], loads: int
) -> None:
    catalog, rival, ref = cloud.catalog(), cloud.catalog(), made(cloud)
    commit = preparing(catalog, ref)
    meanwhile(
        catalog.iceberg.glue,
        "GetTable",
        lambda: rival.append(ref, [], {"headrace.owner": "archive"}, {}),
        call=loads + 1,
    )
    commit()
    properties = catalog.state(ref).properties
    assert (properties[WATERMARK], properties["headrace.owner"]) == ("1", "archive")


@pytest.mark.laptop
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("lost", "expected"), [(1, CommitConflict), (99, OutcomeUnknown)])
@commits
def test_a_commit_whose_answer_was_lost_stands(
    laptop: EmulatedWorld,
    preparing: Callable[[EmulatedCatalog, TableRef], Commit],
    loads: int,
    lost: int,
    expected: type[Exception],
) -> None:
    catalog, ref = laptop.catalog(), made(laptop)
    commit = preparing(catalog, ref)
    lose_answer(catalog.iceberg.glue, "UpdateTable", times=lost)
    with pytest.raises(expected, match="music_albums"):
        commit()
    assert catalog.state(ref).properties[WATERMARK] == "1"
    assert catalog.rows(ref) == ([] if preparing is setting_properties else [ELLA])


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("ThrottlingException", 400, Throttled),
        ("ConcurrentModificationException", 400, CommitConflict),
        ("InternalServiceException", 500, OutcomeUnknown),
        ("AccessDeniedException", 400, Refused),
        ("EntityNotFoundException", 400, IncompatibleTable),
    ],
)
@commits
def test_an_error_of_the_commit_is_one_of_ours(
    moto: EmulatedWorld,
    preparing: Callable[[EmulatedCatalog, TableRef], Commit],
    loads: int,
    code: str,
    status: int,
    expected: type[Exception],
) -> None:
    catalog, ref = moto.catalog(), made(moto)
    commit = preparing(catalog, ref)
    refuse(catalog.iceberg.glue, "UpdateTable", code, status=status)
    with pytest.raises(expected):
        commit()
    assert WATERMARK not in catalog.state(ref).properties
    assert catalog.rows(ref) == []


def test_a_table_that_cannot_be_loaded_is_unavailable_and_nothing_was_committed(moto: EmulatedWorld) -> None:
    catalog, ref = moto.catalog(), made(moto)
    for use in (lambda: catalog.state(ref), lambda: catalog.append(ref, [], {}, {})):
        refuse(catalog.iceberg.glue, "GetTable", "InternalServiceException", status=500)
        with pytest.raises(Unavailable, match="music_albums"):
            use()


def test_a_bucket_that_does_not_answer_is_unavailable(moto: EmulatedWorld) -> None:
    ref = made(moto)
    deaf = {"s3.region": "us-east-1", "s3.endpoint": "http://127.0.0.1:9"}
    catalog = GlueTableCatalog(GlueCatalog("glue", client=moto.clients.glue, **deaf))
    with pytest.raises(Unavailable, match=r"s3://lake/a\.parquet|NETWORK_CONNECTION"):
        catalog.append(ref, ["s3://lake/a.parquet"], {WATERMARK: "1"}, {})
    assert WATERMARK not in catalog.state(ref).properties
