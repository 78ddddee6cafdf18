"""ORC files as Parquet, a few thousand rows at a time."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyarrow import orc

from headrace.domain.errors import UnreadableObject
from headrace.engines.convert.expanse import Expanse

_FREE_CELLS = 20_000_000
_BATCH_ROWS = 8_192
_GROUP_BYTES = 32 << 20

_FAULTS = (pa.ArrowException, OSError, ValueError)


def orc_to_parquet(path: Path, to: Path, fields: Sequence[str] = ()) -> None:
    """Columns that have no names but their numbers (`_col0`, as Hive writes them) get those of `fields`.

    Raises UnreadableObject where the file is no ORC, is damaged, or unfolds to more than a file of its
    size may.
    """
    try:
        _convert(path, to, fields)
    except pa.ArrowMemoryError:
        raise MemoryError from None
    except _FAULTS:
        raise UnreadableObject("the file is not readable ORC to its end; write it again") from None


def _convert(path: Path, to: Path, fields: Sequence[str]) -> None:
    file = orc.ORCFile(path)
    rows, names = file.nrows, _named(file.schema.names, fields)
    expanse = Expanse(path.stat().st_size, _FREE_CELLS)
    expanse.add(rows * len(names), 0)
    scanner = ds.dataset(path, format="orc").scanner(
        batch_size=_BATCH_ROWS, use_threads=False, batch_readahead=1
    )
    schema = pa.schema(
        [field.with_name(name) for field, name in zip(scanner.projected_schema, names, strict=True)]
    )
    group: list[pa.RecordBatch] = []
    with pq.ParquetWriter(to, schema) as writer:
        for batch in scanner.to_batches():
            rows -= batch.num_rows
            expanse.add(0, batch.nbytes)
            group.append(batch.rename_columns(names))
            if sum(one.nbytes for one in group) > _GROUP_BYTES:
                writer.write_table(pa.Table.from_batches(group, schema))
                group = []
        writer.write_table(pa.Table.from_batches(group, schema))
    if rows:
        raise UnreadableObject(f"the file has {-rows} rows more than its footer says; write it again")


def _named(names: list[str], fields: Sequence[str]) -> list[str]:
    if names != [f"_col{at}" for at in range(len(names))]:
        return names
    return [*fields[: len(names)], *names[len(fields) :]]
