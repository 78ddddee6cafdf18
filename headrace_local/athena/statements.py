"""Statements: what kind each is, where its result goes, and what running it does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyiceberg.table import Table
from sqlglot import exp

from headrace_local.athena import ddl, writes
from headrace_local.athena.errors import InvalidRequest, not_supported
from headrace_local.athena.formatting import text
from headrace_local.athena.lake import Lake
from headrace_local.athena.outcome import ColumnInfo, Outcome
from headrace_local.athena.parameters import bound
from headrace_local.athena.select import Rows, Run
from headrace_local.athena.trino.dialect import parse
from headrace_local.athena.trino.queries import output_names
from headrace_local.athena.words import Words

_UNSUPPORTED = {
    "UPDATE": ("DML", "UPDATE", ".csv"),
    "DELETE": ("DML", "DELETE", ".csv"),
    "MERGE": ("DML", "MERGE", ".csv"),
    "UNLOAD": ("DML", "UNLOAD", ""),
    "EXPLAIN": ("DML", "EXPLAIN", ".txt"),
    "EXECUTE": ("DML", "EXECUTE", ".csv"),
    "VACUUM": ("DML", "VACUUM", ".txt"),
    "OPTIMIZE": ("DDL", "OPTIMIZE", ".txt"),
    "ALTER": ("DDL", None, ".txt"),
    "MSCK": ("DDL", "MSCK_REPAIR", ".txt"),
    "PREPARE": ("UTILITY", "PREPARE", ".txt"),
    "DEALLOCATE": ("UTILITY", None, ".txt"),
}


@dataclass(frozen=True)
class Statement:
    """A statement that may run: its kinds, its result file's place, and `run`, which gives its outcome.

    `header` says whether the column names are the result's first row.
    """

    text: str
    kind: str
    sub: str | None
    suffix: str
    run: Callable[[Run], Outcome]
    header: bool = False

    def file(self, query_id: str) -> str:
        """The result file's name under the output location."""
        return f"tables/{query_id}" if self.sub == "CREATE_TABLE_AS_SELECT" else f"{query_id}{self.suffix}"

    @property
    def writes_rows(self) -> bool:
        """Whether the result file itself is written, beside its metadata."""
        return self.suffix != ""


def trimmed(statement: str) -> str:
    """The statement as Athena keeps it: without the white space and the semicolon around it."""
    return statement.strip().rstrip(";").rstrip()


def read(statement: str, parameters: Sequence[str], lake: Lake) -> Statement:
    """Classify and parse a statement; raises InvalidRequest for what Athena refuses before it runs."""
    words = Words(statement)
    for keywords, reader in _READERS:
        if any(words.take(*k.split()) for k in keywords):
            return reader(statement, words, lake)
    for keyword, (kind, sub, suffix) in _UNSUPPORTED.items():
        if words.take(keyword):
            return Statement(statement, kind, sub, suffix, _refuse(f"The statement {keyword}"))
    if words.ahead("INSERT"):
        return _insert(statement, parameters)
    if words.ahead("CREATE"):
        raise InvalidRequest("Queries of this type are not supported", "MALFORMED_QUERY")
    return _query(statement, parameters)


def _refuse(what: str) -> Callable[[Run], Outcome]:
    def run(_: Run) -> Outcome:
        raise not_supported(what)

    return run


def _query(statement: str, parameters: Sequence[str]) -> Statement:
    tree = parse(statement)
    if not isinstance(tree, (exp.Query, exp.Values)):
        raise InvalidRequest("Queries of this type are not supported", "MALFORMED_QUERY")

    def run(run: Run) -> Outcome:
        return _selected(run.query(bound(tree, parameters)))

    return Statement(statement, "DML", "SELECT", ".csv", run, header=True)


def _selected(rows: Rows) -> Outcome:
    kinds = [t for _, t in rows.query.columns]
    columns = [ColumnInfo.of(n, t) for n, t in zip(output_names(rows.query), kinds, strict=True)]
    values = (
        [None if v is None else text(v, t) for v, t in zip(row.values(), kinds, strict=True)]
        for batch in rows.table.to_batches()
        for row in batch.to_pylist()
    )
    return Outcome(columns, values, 0)


def _insert(statement: str, parameters: Sequence[str]) -> Statement:
    tree = parse(statement)
    if not isinstance(tree, exp.Insert):
        raise InvalidRequest("Queries of this type are not supported", "MALFORMED_QUERY")

    def run(run: Run) -> Outcome:
        bound(tree, parameters)
        return writes.insert(run, tree)

    return Statement(statement, "DML", "INSERT", "", run)


def _create_table(statement: str, words: Words, _lake: Lake) -> Statement:
    if words.has("AS") and not words.has("STORED", "AS"):
        tree = parse(statement)
        if not isinstance(tree, exp.Create) or tree.args.get("replace") or tree.expression is None:
            raise InvalidRequest("Queries of this type are not supported", "MALFORMED_QUERY")
        return Statement(
            statement, "DDL", "CREATE_TABLE_AS_SELECT", "", lambda run: writes.create_as(run, tree)
        )
    table = ddl.parse_create_table(statement)
    return Statement(statement, "DDL", "CREATE_TABLE", ".txt", lambda run: ddl.create_table(run.lake, table))


def _create_external_table(statement: str, _words: Words, _lake: Lake) -> Statement:
    return Statement(statement, "DDL", "CREATE_TABLE", ".txt", _refuse("The statement CREATE EXTERNAL TABLE"))


_Reader = Callable[[str, Words, Lake], Statement]


def _on_catalog(kind: str, sub: str, act: Callable[[Lake, Words], Outcome]) -> _Reader:
    """A statement that its words tell in full."""

    def reader(statement: str, words: Words, _lake: Lake) -> Statement:
        return Statement(statement, kind, sub, ".txt", lambda run: act(run.lake, words))

    return reader


def _on_table(sub: str, act: Callable[[Table], Outcome]) -> _Reader:
    """A statement about one table, which Athena looks up before it accepts the call."""

    def reader(statement: str, words: Words, lake: Lake) -> Statement:
        table = ddl.target(lake, words)
        return Statement(statement, "UTILITY", sub, ".txt", lambda _: act(table))

    return reader


_READERS: list[tuple[tuple[str, ...], _Reader]] = [
    (("CREATE TABLE",), _create_table),
    (("CREATE EXTERNAL TABLE",), _create_external_table),
    (("CREATE DATABASE", "CREATE SCHEMA"), _on_catalog("DDL", "CREATE_DATABASE", ddl.create_database)),
    (("DROP DATABASE", "DROP SCHEMA"), _on_catalog("DDL", "DROP_DATABASE", ddl.drop_database)),
    (("DROP TABLE",), _on_catalog("DDL", "DROP_TABLE", ddl.drop_table)),
    (("SHOW DATABASES", "SHOW SCHEMAS"), _on_catalog("UTILITY", "SHOW_DATABASES", ddl.show_databases)),
    (("SHOW TABLES",), _on_catalog("UTILITY", "SHOW_TABLES", ddl.show_tables)),
    (("SHOW COLUMNS IN", "SHOW COLUMNS FROM"), _on_table("SHOW_COLUMNS", ddl.show_columns)),
    (("SHOW CREATE TABLE",), _on_table("SHOW_CREATE_TABLE", ddl.show_create_table)),
    (("DESCRIBE", "DESC"), _on_table("DESCRIBE_TABLE", ddl.describe)),
]
