"""Makes orders: any number of them, always the same ones, one in a hundred with something wrong."""

from pathlib import Path

import duckdb

# Each row's dice are hashes of its number, so that a slice of the rows is the same however it is cut.
_ORDERS = """
WITH dice AS (
  SELECT n, (hash(n) >> 1)::BIGINT AS a, (hash(n, 'b') >> 1)::BIGINT AS b,
    CASE WHEN hash(n, 'bad') % 100 = 0 THEN hash(n, 'flaw') % 12 END AS flaw,
    TIMESTAMP '2026-01-01' + to_seconds(n * 2592000 // {total} + hash(n, 'second')::HUGEINT % 60) AS moment
  FROM range({first}, {last}) AS t(n)
)
SELECT
  CASE flaw WHEN 0 THEN 'n' || n ELSE n::TEXT END AS order_id,
  CASE flaw WHEN 1 THEN '0' ELSE (a % 900000 + 1)::TEXT END AS customer_id,
  CASE flaw WHEN 2 THEN 'nobody at home'
    ELSE 'c' || (a % 900000 + 1) || '@mail' || (a % 7) || '.example' END AS email,
  CASE flaw WHEN 3 THEN '2026-13-45T00:00:00' ELSE strftime(moment, '%Y-%m-%dT%H:%M:%S') END AS ordered_at,
  CASE flaw WHEN 4 THEN 'Freedonia'
    ELSE ['DE', 'FR', 'NL', 'US', 'JP', 'BR', 'IN', 'GB'][b % 8 + 1] END AS country,
  CASE flaw WHEN 5 THEN 'lost' ELSE ['new', 'paid', 'shipped', 'returned'][b // 8 % 4 + 1] END AS status,
  CASE flaw WHEN 6 THEN '' ELSE ['MIL', 'WHL', 'CAM', 'FLU'][b // 32 % 4 + 1] || '-'
    || lpad((b // 128 % 100000)::TEXT, 5, '0') END AS sku,
  CASE flaw WHEN 7 THEN '-3' WHEN 8 THEN 'two' ELSE (a // 7 % 1000 + 1)::TEXT END AS quantity,
  CASE flaw WHEN 9 THEN 'free' ELSE (a // 11 % 100000 / 100)::DECIMAL(10, 2)::TEXT END AS unit_price,
  CASE WHEN flaw = 10 THEN '1.5' WHEN b % 3 = 0 THEN '' ELSE '0.' || b // 3 % 10 END AS discount,
  CASE flaw WHEN 11 THEN 'maybe' ELSE ['true', 'false'][a % 2 + 1] END AS gift,
  CASE WHEN flaw = 0 THEN repeat('Please ring twice. ', 5)
    WHEN b % 4 = 0 THEN 'leave it with the miller, please' WHEN b % 4 = 1 THEN '' ELSE 'no note' END AS note
FROM dice
"""


def write_csv(to: Path, first: int, last: int, total: int) -> None:
    """Orders `first` to `last` (not included) of `total`, as CSV with a header."""
    _copy(to, first, last, total, "FORMAT CSV, HEADER, NULL '\\N'")


def write_ndjson(to: Path, first: int, last: int, total: int) -> None:
    """The same orders, one JSON object a line; every value is text."""
    _copy(to, first, last, total, "FORMAT JSON")


def _copy(to: Path, first: int, last: int, total: int, options: str) -> None:
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        rows = _ORDERS.format(first=int(first), last=int(last), total=int(total))
        connection.execute(f"COPY ({rows}) TO '{to}' ({options})")
