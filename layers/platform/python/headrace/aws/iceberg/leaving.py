"""Rows leave a table: which of its files they are in, and those files written anew without them.

Nothing here changes the table. What is written is named after the file it stands for and after what left
it, so that an attempt that is repeated writes the same bytes to the same place, and files that no table
came to name are told by `-kept-` in their names.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.expressions import AlwaysFalse, BooleanExpression, In, Or
from pyiceberg.io import FileIO
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.table import FileScanTask, Table

from headrace.domain.errors import IncompatibleTable
from headrace.domain.landed import Rows
from headrace.engines.sought import Sought

_AT_ONCE = 8
_NAMES_AT_ONCE = 200
"""Identities that PyIceberg compares with a file's bounds; of more it would not look at the bounds."""
_ROWS_AT_ONCE = 65_536
_GROUP = 122_880
"""Rows of a row group, at least: what DuckDB writes."""


class Departure(NamedTuple):
    """What rows leave behind: files that the table lets go, and the URIs of what is kept of them."""

    let_go: list[DataFile]
    kept: list[str]


def without(table: Table, gone: Rows) -> Departure:
    """Write anew what files hold besides the rows of `gone`. Files without such rows are left alone.

    Raises IncompatibleTable where the table has no `_object` or `_row`, or a file has deletes that are
    not by position.
    """
    if not gone:
        return Departure([], [])
    if missing := {"_object", "_row"} - set(table.schema().column_names):
        raise IncompatibleTable(f"{'.'.join(table.name())} has no column {', '.join(sorted(missing))}")
    sought = Sought(gone)
    tasks = list(table.scan(_about(gone)).plan_files())
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        splits = list(pool.map(lambda task: _split(table.io, task, sought), tasks))
    let_go, kept = [], []
    for task, split in zip(tasks, splits, strict=True):
        if split is None:
            continue
        let_go.append(task.file)
        if split.some_stay:
            kept.append(_write(table, task.file.file_path, split))
    return Departure(let_go, kept)


def _about(gone: Rows) -> BooleanExpression:
    """That a row is of one of these objects: what a file's bounds can rule out."""
    names, one_of = sorted(gone), cast("Callable[[str, set[str]], BooleanExpression]", In)
    parts = (set(names[at : at + _NAMES_AT_ONCE]) for at in range(0, len(names), _NAMES_AT_ONCE))
    return Or(AlwaysFalse(), AlwaysFalse(), *(one_of("_object", part) for part in parts))


# ── which rows stay ──────────────────────────────────────────────────────────────────────────────


class _Split(NamedTuple):
    """The rows of a file that stay, by row group, and a digest of those that leave."""

    stay: list[pa.Array]
    digest: str

    @property
    def some_stay(self) -> bool:
        return any(mask.true_count for mask in self.stay)


def _split(io: FileIO, task: FileScanTask, sought: Sought) -> _Split | None:
    """None where no row leaves the file."""
    erased: pa.Array | None = None
    stay, leaving, start = [], hashlib.sha256(), 0
    with io.new_input(task.file.file_path).open() as stream:
        file = pq.ParquetFile(stream)
        found = 0
        for number in range(file.num_row_groups):
            group = file.read_row_group(number, columns=["_object", "_row"]).combine_chunks()
            left = _whole(sought.among(_whole(group["_object"]), _whole(group["_row"])))
            found += left.true_count
            if task.delete_files:
                erased = _erased(io, task) if erased is None else erased
                here = pa.array(range(start, start + group.num_rows), pa.int64())
                left = pc.or_(left, pc.is_in(here, erased))
            leaving.update(f"{number}:{pc.indices_nonzero(left).to_pylist()}".encode())
            stay.append(pc.invert(left))
            start += group.num_rows
    return _Split(stay, leaving.hexdigest()) if found else None


def _whole(values: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The values in one array."""
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def _erased(io: FileIO, task: FileScanTask) -> pa.Array:
    """Positions in the file whose rows left it before."""
    positions = []
    for deletes in task.delete_files:
        if (deletes.content, deletes.file_format) != (DataFileContent.POSITION_DELETES, FileFormat.PARQUET):
            raise IncompatibleTable(
                f"{deletes.file_path} deletes rows otherwise than by position: OPTIMIZE the table first"
            )
        with io.new_input(deletes.file_path).open() as stream:
            named = pq.read_table(stream, columns=["file_path", "pos"])
        ours = named.filter(pc.equal(named["file_path"], task.file.file_path))
        positions.append(_whole(ours["pos"].cast(pa.int64())))
    erased: pa.Array = pa.concat_arrays(positions)
    return erased


# ── writing what stays ───────────────────────────────────────────────────────────────────────────


def _write(table: Table, uri: str, split: _Split) -> str:
    """Write the rows that stay, as the file has them: its own columns, field ids and order."""
    kept = f"{table.location()}/data/{_name(uri, split)}"
    with table.io.new_input(uri).open() as stream, table.io.new_output(kept).create(overwrite=True) as to:
        file = pq.ParquetFile(stream)
        schema = file.schema_arrow
        with pq.ParquetWriter(
            to, schema, compression="zstd", store_decimal_as_integer=True, store_schema=False
        ) as writer:
            for group in _gathered(_staying(file, split.stay)):
                writer.write_table(pa.Table.from_batches(group, schema), row_group_size=_GROUP)
    return kept


def _name(uri: str, split: _Split) -> str:
    """The name of what is kept of a file: the first it came from, then what tells this remnant from others.
    Another PyArrow may write other bytes, and writes them elsewhere."""
    stem = uri.rsplit("/", 1)[-1].removesuffix(".parquet").partition("-kept-")[0]
    digest = hashlib.sha256(f"{uri} {split.digest} {pa.__version__}".encode()).hexdigest()
    return f"{stem}-kept-{digest[:16]}.parquet"


def _staying(file: Any, stay: Sequence[pa.Array]) -> Iterator[pa.RecordBatch]:
    """The rows that stay, a little of a row group at a time."""
    for number, mask in enumerate(stay):
        if not mask.true_count:
            continue
        start = 0
        for batch in file.iter_batches(_ROWS_AT_ONCE, row_groups=[number]):
            yield batch.filter(mask.slice(start, batch.num_rows))
            start += batch.num_rows


def _gathered(batches: Iterable[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    """Batches, enough for a row group at a time."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(one.num_rows for one in held) >= _GROUP:
            yield held
            held = []
    if held:
        yield held
