"""Dataset names, and the one table each of them means."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.domain.dataset import DatasetId
from headrace.domain.errors import InvalidRequest

names = st.builds(
    DatasetId,
    st.from_regex(r"[a-z][a-z0-9]{0,19}", fullmatch=True),
    st.from_regex(r"[a-z][a-z0-9_]{0,39}", fullmatch=True),
)


@given(names)
def test_a_name_survives_its_text(dataset: DatasetId) -> None:
    assert DatasetId.parse(str(dataset)) == dataset


@given(names, names)
def test_two_datasets_never_share_a_table(one: DatasetId, other: DatasetId) -> None:
    assert (one.table == other.table) == (one == other)


@given(names, st.integers(1, 10**10), st.integers(1, 10**4))
def test_an_execution_name_is_one_that_step_functions_takes(
    dataset: DatasetId, batch: int, attempt: int
) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,80}", f"{dataset.slug}-{batch}-{attempt}")


@pytest.mark.parametrize(
    "text", ["", "aviation", "/runways", "aviation/", "Aviation/runways", "a_b/c", "a/b/c", "a/b "]
)
def test_other_texts_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidRequest, match="aviation/runways"):
        DatasetId.parse(text)


@pytest.mark.parametrize(
    ("key", "dataset"),
    [
        ("aviation/runways/2026/a.csv", DatasetId("aviation", "runways")),
        ("aviation/runways", None),
        ("a.csv", None),
        ("Aviation/runways/a.csv", None),
        ("../runways/a.csv", None),
    ],
)
def test_a_key_belongs_to_the_dataset_of_its_prefix(key: str, dataset: DatasetId | None) -> None:
    assert DatasetId.of_key(key) == dataset
