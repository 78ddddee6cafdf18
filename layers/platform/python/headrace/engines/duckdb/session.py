"""A DuckDB connection that can reach nothing but its work unit's files, and whose errors tell no data."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from threading import Timer
from types import TracebackType
from typing import Any, Self, TypeVar

import duckdb
import pyarrow as pa
from sqlglot import exp

from headrace.domain.errors import EngineFault, Unavailable

_T = TypeVar("_T")

_MEMORY_SHARE = 0.6
_STREAM_ROWS = 8_192
_LEAST_FREE = 16 << 20

# One thread: the source is then read, numbered and written in its own order, so the same input gives
# the same bytes on any machine without a sort. Two threads and a sort take 28 % less time but 16 %
# more CPU and twice the memory; more work units use more cores better.
_CONFIG = {
    "threads": 1,
    "python_enable_replacements": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
}

# The order of rows survives a join only while they stay on its probe side; and to look for expressions
# that recur takes time by the square of the columns (4 of 5 s for 400) where the layers leave none. A
# join's bounds, pushed into a stream from Python, become Python values: of moments that takes pytz.
_WITHOUT_OPTIMIZERS = "join_order,build_side_probe_side,common_subexpressions,join_filter_pushdown"

_OUR_MISTAKES = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ParserException,
    duckdb.PermissionException,
    duckdb.SyntaxException,
)


class DataFault(EngineFault):
    """DuckDB gave up while it read or computed; the caller may find out which object is to blame."""


class Session:
    """One in-memory database for one refine call, confined to `workdir` and the `files` to read.

    `secrets` are the values of named parameters: they reach DuckDB beside the statements, never in them.
    """

    def __init__(
        self, workdir: Path, files: list[Path], memory_mb: int, secrets: Mapping[str, bytes] | None = None
    ) -> None:
        self._workdir, self._files, self._memory_mb, self._secrets = workdir, files, memory_mb, secrets or {}
        self._spill = mkdtemp(prefix="spill-", dir=workdir)
        self._connection = duckdb.connect(
            config={
                **_CONFIG,
                "memory_limit": f"{int(memory_mb * _MEMORY_SHARE)}MB",
                "temp_directory": self._spill,
            }
        )
        self._set("TimeZone", exp.Literal.string("UTC"))
        self._set("disabled_optimizers", exp.Literal.string(_WITHOUT_OPTIMIZERS))
        self._set("allowed_directories", exp.array(exp.Literal.string(str(workdir))))
        self._set("allowed_paths", exp.Array(expressions=[exp.Literal.string(str(f)) for f in files]))
        self._set("enable_external_access", exp.false())
        self._set("lock_configuration", exp.true())
        self._reading = self._connection.cursor()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reading.close()
        self._connection.close()
        shutil.rmtree(self._spill, ignore_errors=True)

    def afresh(self, memory_mb: int = 0) -> "Session":
        """Another session like this one, of its own memory if that is given: DuckDB does not take
        statements after an internal error."""
        return Session(self._workdir, self._files, memory_mb or self._memory_mb, self._secrets)

    def execute(self, statement: exp.Expr, within_s: float | None = None) -> list[tuple[Any, ...]]:
        """Run one statement, for at most `within_s` seconds, and return its rows.

        Raises Unavailable where memory or disk ran out, DataFault where the data stopped DuckDB or time
        ran out, and EngineFault where the statement itself is wrong.
        """
        sql = statement.sql("duckdb", copy=False)
        secrets = self._named_in(statement, sql)
        with self._interrupted_after(within_s):
            return self._tried(lambda: self._connection.execute(sql, secrets).fetchall())

    def feed(self, name: str, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
        """Make a stream of batches readable once, as relation `name`, by `execute`."""
        self._connection.register(name, pa.RecordBatchReader.from_batches(schema, batches))

    def feed_stream(self, name: str, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
        """Make a stream of batches readable once, as relation `name`, by `stream`."""
        self._reading.register(name, pa.RecordBatchReader.from_batches(schema, batches))

    def stream(self, statement: exp.Expr) -> pa.RecordBatchReader:
        """Run a query whose rows are taken batch by batch while `execute` runs another statement."""
        return self._tried(
            lambda: self._reading.execute(statement.sql("duckdb", copy=False)).to_arrow_reader(_STREAM_ROWS)
        )

    def scan(self, statement: exp.Expr) -> Iterator[pa.RecordBatch]:
        """Run a query, over the session's own tables too, and yield its rows batch by batch; no other
        statement may be run before they are taken."""
        sql = statement.sql("duckdb", copy=False)
        yield from self._tried(lambda: self._connection.execute(sql).to_arrow_reader(_STREAM_ROWS))

    def _named_in(self, statement: exp.Expr, sql: str) -> dict[str, bytes] | None:
        """The secrets that a statement has parameters for. Most have none, and need not be searched."""
        if not any(name in sql for name in self._secrets):
            return None
        wanted = {parameter.name for parameter in statement.find_all(exp.Placeholder)}
        return {name: self._secrets[name] for name in wanted} or None

    def _set(self, name: str, value: exp.Expr) -> None:
        self.execute(exp.Set(expressions=[exp.SetItem(this=exp.EQ(this=exp.column(name), expression=value))]))

    @contextmanager
    def _interrupted_after(self, seconds: float | None) -> Iterator[None]:
        if seconds is None:
            yield
            return
        timer = Timer(seconds, self._connection.interrupt)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _tried(self, call: Callable[[], _T]) -> _T:
        try:
            return call()
        except duckdb.Error as error:
            fault = self._translated(error)
        raise fault  # out here, it does not drag along an error that quotes data

    def _translated(self, error: duckdb.Error) -> Unavailable | EngineFault:
        if isinstance(error, duckdb.OutOfMemoryException):
            return Unavailable(
                f"refining ran out of memory and spill space at {self._memory_mb} MB: "
                "give the function more memory or storage, or make its work units smaller"
            )
        if shutil.disk_usage(self._workdir).free < _LEAST_FREE:
            return Unavailable(f"the disk under {self._workdir} is full: give the function more storage")
        kind = type(error).__name__
        if isinstance(error, _OUR_MISTAKES):
            return EngineFault(f"DuckDB refused a statement ({kind})")
        return DataFault(f"DuckDB could not finish a statement ({kind})")
