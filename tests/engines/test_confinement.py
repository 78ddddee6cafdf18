"""The session reaches nothing but its work unit, and its errors tell no data, statement or key."""

import logging
import traceback
from pathlib import Path

import pytest
from sqlglot import exp, parse_one

from headrace.domain.errors import Terminal, Unavailable
from headrace.domain.formats import Csv, Ndjson
from headrace.domain.plan import Column, Integer, Pattern, Text
from headrace.engines.duckdb import EngineFault
from headrace.engines.duckdb.session import DataFault, Session
from tests.engines.unit import plan, refine_files


@pytest.fixture
def session(tmp_path: Path) -> Session:
    (tmp_path / "work").mkdir()
    (tmp_path / "file.csv").write_text("a\n1\n")
    (tmp_path / "other.csv").write_text("a\n1\n")
    return Session(tmp_path / "work", [tmp_path / "file.csv"], 512, {"masking_key": b"canary-key"})


def sql(text: str) -> exp.Expr:
    return parse_one(text, dialect="duckdb")


def test_its_own_files_can_be_read_and_written(session: Session, tmp_path: Path) -> None:
    with session:
        assert session.execute(sql(f"SELECT a FROM read_csv('{tmp_path}/file.csv')")) == [(1,)]
        session.execute(sql(f"COPY (SELECT 1) TO '{tmp_path}/work/out.parquet' (FORMAT parquet)"))
    assert {path.name for path in (tmp_path / "work").iterdir()} == {"out.parquet"}


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('{0}/other.csv')",
        "SELECT * FROM read_text('{0}/work/../other.csv')",
        "SELECT * FROM '{0}/other.csv'",
        "SELECT * FROM read_blob('/etc/hostname')",
        "SELECT * FROM read_csv('https://127.0.0.1:9/x.csv')",
        "COPY (SELECT 1) TO '{0}/out.parquet' (FORMAT parquet)",
        "ATTACH '{0}/x.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET threads = 4",
        "SELECT * FROM canary",
        "PRAGMA enable_logging",
    ],
)
def test_everything_else_is_refused(session: Session, tmp_path: Path, statement: str) -> None:
    canary = [("canary",)]  # a local variable is no table
    with session, pytest.raises(EngineFault):
        session.execute(sql(statement.format(tmp_path)))
    assert canary


def test_a_secret_reaches_duckdb_beside_the_statement(session: Session) -> None:
    with session:
        (row,) = session.execute(exp.select(exp.Placeholder(this="masking_key")))
        assert row == (b"canary-key",)
        with pytest.raises(EngineFault) as fault:
            session.execute(sql("SELECT error(decode($masking_key))"))
    assert "canary" not in "".join(traceback.format_exception(fault.value))


def test_errors_tell_their_kind_and_no_data(session: Session) -> None:
    with session:
        with pytest.raises(DataFault) as data:
            session.execute(sql("SELECT CAST('canary' AS INT)"))
        with pytest.raises(EngineFault) as mistake:
            session.execute(sql("SELECT canary"))
    assert str(data.value) == "DuckDB could not finish a statement (ConversionException)"
    assert str(mistake.value) == "DuckDB refused a statement (BinderException)"
    assert not isinstance(mistake.value, DataFault)
    assert issubclass(EngineFault, Terminal)
    assert data.value.__context__ is None


def test_out_of_memory_may_be_tried_again(tmp_path: Path) -> None:
    with Session(tmp_path, [], 16) as small, pytest.raises(Unavailable, match="16 MB"):
        small.execute(sql("SELECT list(repeat('x', 1000) || i) FROM range(1000000) t(i)"))


def test_no_row_no_key_reaches_the_log(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    columns = plan(
        Column("a", "a", Text(), mask="hash", rules=(Pattern("x+"),)),
        Column("n", "n", Integer()),
        formats=(Csv(), Ndjson()),
    )
    files = {"a.csv": b'a,n\ncanary,canary\n"canary', "b.ndjson": b'{"a":"canary"\n'}
    unit = refine_files(columns, files, masking_key=b"canary-key")
    assert len(unit.quarantine) == 3
    shown = capfd.readouterr()
    assert "canary" not in caplog.text + shown.out + shown.err
