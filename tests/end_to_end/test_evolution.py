"""A dataset grows: partitioned, widened by its files, renamed and promoted by a new version."""

from pathlib import Path

import pytest

from tests.end_to_end.conftest import Headrace

pytestmark = [pytest.mark.laptop, pytest.mark.slow]

MILLS = """
apiVersion: v3.1.0
kind: DataContract
id: mills
version: 1.0.0
status: active
domain: river
name: mills
servers:
  - {server: landing, type: s3, location: "s3://landing/river/mills/", format: csv}
schema:
  - name: mills
    logicalType: object
    properties:
      - {name: name, logicalType: string, required: true}
      - {name: wheels, logicalType: integer, logicalTypeOptions: {format: i32}}
      - {name: built, logicalType: date, partitioned: true,
         customProperties: [{property: headrace.partition, value: month}]}
customProperties:
  - {property: headrace.evolution, value: evolve}
"""
NEXT = (
    MILLS.replace("version: 1.0.0", "version: 1.1.0")
    .replace("name: wheels", "name: wheel_count, physicalName: count")
    .replace(
        "{format: i32}}",
        "{format: i64},\n         customProperties: [{property: headrace.aliases, value: [wheels]}]}",
    )
)
LARGEST = """
apiVersion: v3.1.0
kind: DataContract
id: largest
version: 1.0.0
status: active
domain: river
name: largest
schema:
  - name: largest
    logicalType: object
    properties:
      - {name: wheels, logicalType: integer}
      - {name: mills, logicalType: integer}
customProperties:
  - {property: headrace.sql, value: "SELECT max(wheels) AS wheels, count(*) AS mills FROM river.mills"}
"""
LARGEST_NEXT = (
    LARGEST.replace("version: 1.0.0", "version: 2.0.0")
    .replace("{name: wheels, logicalType: integer}", "{name: river, logicalType: string}")
    .replace("max(wheels) AS wheels", "max(river) AS river")
)


def contract(folder: Path, name: str, text: str) -> Path:
    path = folder / "contracts/river" / f"{name}.odcs.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def put(headrace: Headrace, folder: Path, name: str, text: str) -> None:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    headrace("put", file, "--dataset", "river/mills")
    headrace.at_rest()


def test_a_dataset_evolves_and_its_rows_stay(headrace: Headrace, tmp_path: Path) -> None:
    headrace("register", contract(tmp_path, "mills", MILLS), contract(tmp_path, "largest", LARGEST))
    put(headrace, tmp_path, "one.csv", "name,wheels,built\nObermühle,3,1969-12-31\nNeumühle,4,2026-03-01\n")
    put(headrace, tmp_path, "two.csv", "name,wheels,built,river\nUntermühle,5,,Elbe\n")
    assert headrace.rows("SELECT name, wheels, river FROM river_mills ORDER BY wheels") == [
        {"name": "Obermühle", "wheels": 3, "river": None},
        {"name": "Neumühle", "wheels": 4, "river": None},
        {"name": "Untermühle", "wheels": 5, "river": "Elbe"},
    ]
    assert headrace.rows("SELECT wheels, mills FROM river_largest", "marts") == [{"wheels": 5, "mills": 3}]

    headrace("register", contract(tmp_path, "mills", NEXT), contract(tmp_path, "largest", LARGEST_NEXT))
    put(headrace, tmp_path, "three.csv", f"name,count,built,river\nTalmühle,{2**40},2026-03-31,Rhein\n")
    assert headrace.rows(
        "SELECT name, wheel_count, river FROM river_mills WHERE built >= DATE '2026-03-01' ORDER BY 2"
    ) == [
        {"name": "Neumühle", "wheel_count": 4, "river": None},
        {"name": "Talmühle", "wheel_count": 2**40, "river": "Rhein"},
    ]
    assert headrace.rows("SELECT river, mills FROM river_largest", "marts") == [
        {"river": "Rhein", "mills": 4}
    ]
    assert headrace.conserved("river/mills") == 4

    by_day = NEXT.replace("version: 1.1.0", "version: 2.0.0").replace("value: month", "value: day")
    headrace("register", contract(tmp_path, "mills", by_day), code=4)
    assert headrace.conserved("river/mills") == 4
