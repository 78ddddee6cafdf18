"""Names that are written in one place are read in another."""

import pytest

from headrace.domain import keys
from headrace.domain.dataset import DatasetId
from headrace.domain.keys import Variant

MILLS = DatasetId("river", "mills")


@pytest.mark.parametrize("variant", ["", "again", "rejected"])
@pytest.mark.parametrize("part", [None, 3])
@pytest.mark.parametrize("without", ["", "0123456789abcdef"])
def test_a_data_file_tells_the_report_that_names_it(variant: Variant, part: int | None, without: str) -> None:
    key = keys.data_key("curated", MILLS, 7, 2, "1.0.0+1a2b3c4d", variant, part, without)
    assert keys.report_of(MILLS, key) == keys.report_key(MILLS, 7, 2, variant)


def test_a_file_of_another_name_has_no_report() -> None:
    assert keys.report_of(MILLS, "curated/river/mills/data/notes.parquet") == ""
