"""The Glue data catalog as Athena sees it: databases, and Iceberg tables by name and version."""

from datetime import datetime
from typing import TYPE_CHECKING

from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import NoSuchIcebergTableError, NoSuchPropertyException, NoSuchTableError
from pyiceberg.table import Table

from headrace_local.athena.errors import QueryFailed, not_supported
from headrace_local.athena.metadata_tables import METADATA_TABLES
from headrace_local.athena.scan import IcebergScan, at_version
from headrace_local.athena.trino.context import Readable

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

CATALOG = "awsdatacatalog"


class Lake:
    """The tables one statement may name; each is loaded once, so that the statement sees one state of it.

    `database` and `named`, a catalog, complete the names that have none of their own.
    """

    def __init__(self, catalog: GlueCatalog, database: str | None, named: str | None = None) -> None:
        self.catalog = catalog
        self.database = database
        self._named = (named or CATALOG).lower()
        self._loaded: dict[tuple[str, str], Table] = {}

    @property
    def glue(self) -> "GlueClient":
        return self.catalog.glue

    def find(self, parts: tuple[str, ...], version: int | str | datetime | None, at: int | None) -> Readable:
        """A table to read: `t`, `t$files`, at a snapshot, branch, tag or moment where one is given."""
        database, name = self.qualified(parts, at)
        name, _, metadata = name.partition("$")
        table = self.load(database, name, at)
        if metadata:
            if metadata not in METADATA_TABLES:
                raise not_supported(f"The metadata table ${metadata}", at)
            if version is not None:
                raise not_supported("A version of a metadata table", at)
            return METADATA_TABLES[metadata]((CATALOG, database, f"{name}${metadata}"), table)
        return IcebergScan((CATALOG, database, name), table, at_version(table, version, at))

    def qualified(self, parts: tuple[str, ...], at: int | None) -> tuple[str, str]:
        """A dotted name's database and table; the database is the query's where the name has none."""
        *before, name = parts
        catalog = before[0] if len(before) == 2 else self._named
        if catalog != CATALOG:
            raise QueryFailed("CATALOG_NOT_FOUND", f"Catalog '{catalog}' does not exist", at)
        database = before[-1] if before else self.database
        if database is None:
            raise QueryFailed(
                "MISSING_SCHEMA_NAME", "Schema must be specified when session schema is not set", at
            )
        if database == "information_schema":
            raise not_supported("information_schema", at)
        return database, name

    def load(self, database: str, name: str, at: int | None) -> Table:
        if (database, name) not in self._loaded:
            self._loaded[database, name] = self._load(database, name, at)
        return self._loaded[database, name]

    def _load(self, database: str, name: str, at: int | None) -> Table:
        try:
            return self.catalog.load_table((database, name))
        except (NoSuchIcebergTableError, NoSuchPropertyException) as error:
            raise not_supported(f"{database}.{name}, which is not an Iceberg table", at) from error
        except NoSuchTableError as error:
            if not self.has_database(database):
                raise QueryFailed("SCHEMA_NOT_FOUND", f"Schema '{database}' does not exist", at) from error
            raise missing_table(database, name, at) from error

    def has_database(self, database: str) -> bool:
        try:
            self.glue.get_database(Name=database)
        except self.glue.exceptions.EntityNotFoundException:
            return False
        return True

    def databases(self) -> list[str]:
        pages = self.glue.get_paginator("get_databases").paginate()
        return sorted(d["Name"] for page in pages for d in page["DatabaseList"])

    def tables(self, database: str) -> list[str]:
        """The names in a database; raises SCHEMA_NOT_FOUND where there is none."""
        if not self.has_database(database):
            raise QueryFailed("SCHEMA_NOT_FOUND", f"Database {database} not found")
        pages = self.glue.get_paginator("get_tables").paginate(DatabaseName=database)
        return sorted(t["Name"] for page in pages for t in page["TableList"])


def missing_table(database: str, name: str, at: int | None) -> QueryFailed:
    return QueryFailed("TABLE_NOT_FOUND", f"Table '{CATALOG}.{database}.{name}' does not exist", at)
