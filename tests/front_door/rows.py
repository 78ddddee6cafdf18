"""Made-up objects: what each of their rows holds, and where it must end, follows from two numbers alone."""

from headrace.domain.dataset import DatasetId
from headrace.steps.register_dataset import ContractText

_CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: {name}
version: 1.0.0
status: active
domain: {domain}
name: {name}
servers:
  - {{server: landing, type: s3, location: "s3://landing/{domain}/{name}/", format: csv}}
schema:
  - name: {name}
    logicalType: object
    properties:
      - {{name: name, logicalType: string, required: true{unique}}}
      - {{name: wheels, logicalType: integer, logicalTypeOptions: {{minimum: 0}}}}
"""
_BAD_EVERY = 47


def contract(dataset: DatasetId, *, unique: bool = False) -> ContractText:
    """The contract under which `body` has good rows and bad ones; `unique` makes the name a key."""
    text = _CONTRACT.format(
        domain=dataset.domain, name=dataset.name, unique=", unique: true" if unique else ""
    )
    return ContractText(f"contracts/{dataset}.odcs.yaml", text)


def key(dataset: DatasetId, number: int) -> str:
    """Where object `number` of a dataset lands."""
    return f"{dataset}/part-{number:06d}.csv"


def number(identity: str) -> int:
    """The number of the object that an identity names."""
    return int(identity.rpartition("/part-")[2].partition(".csv")[0])


def body(number: int, rows: int) -> bytes:
    """Object `number`, of so many rows, as CSV."""
    lines = (f"{name(number, row)},{wheels(number, row)}\n" for row in range(1, rows + 1))
    return ("name,wheels\n" + "".join(lines)).encode()


def name(number: int, row: int) -> str:
    """What no other row of the dataset is called."""
    return f"mill-{number}-{row}"


def wheels(number: int, row: int) -> int:
    """A value of the row's own; below 0 where the row must go to quarantine."""
    value = (number * 7919 + row * 104_729) % 1_000_003
    return -1 - value if (number + row) % _BAD_EVERY == 0 else value
