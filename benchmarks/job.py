"""The job every contestant does, and what its process tells when it is done.

Read the landed orders; try to cast 12 columns; judge 14 rules; split the rows into curated (typed, the
e-mail address hashed) and quarantine (the original fields as JSON, and every reason); write both as
zstd Parquet under `curated/`, by day, and `quarantine/`, with where each row came from.
"""

from pathlib import Path

from msgspec import Struct

KEY = bytes(range(32))
"""What the hash of an e-mail address is keyed with."""

CONTRACT = Path(__file__).with_name("orders.odcs.yaml")
COLUMNS = ("order_id", "customer_id", "email", "ordered_at", "country", "status", "sku", "quantity",
           "unit_price", "discount", "gift", "note")  # fmt: skip
STATUSES = ("new", "paid", "shipped", "returned")
EMAIL, COUNTRY, SKU = r"[^@\s]+@[^@\s]+\.[^@\s]+", r"[A-Z]{2}", r"[A-Z]{3}-[0-9]{5}"
ROW_GROUP = 122_880
EXCERPT = 100


class Job(Struct, frozen=True):
    """Files to refine into the folder `out`, with so much memory to plan for, on so many cores."""

    files: tuple[Path, ...]
    out: Path
    memory_mb: int
    cores: int


class Usage(Struct, frozen=True):
    """Seconds from the process's start until it was ready, wall and CPU seconds of the job alone, and the
    peak resident memory of the process and those that it started."""

    start: float
    wall: float
    cpu: float
    peak_mb: float
