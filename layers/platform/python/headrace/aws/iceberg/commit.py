"""Commits that hold or fail as a whole, and PyIceberg's errors as ours."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pyiceberg.exceptions import (
    CommitFailedException,
    NoSuchNamespaceError,
    NoSuchPropertyException,
    NoSuchTableError,
)
from pyiceberg.schema import Schema
from pyiceberg.table import Table, Transaction
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.update import (
    AddSchemaUpdate,
    AssertCurrentSchemaId,
    AssertTableUUID,
    SetCurrentSchemaUpdate,
)

from headrace.aws.errors import translated as translated_service
from headrace.domain.errors import (
    CommitConflict,
    IncompatibleTable,
    MissingArtefact,
    OutcomeUnknown,
    Refused,
    Unavailable,
)


class _Fence(AssertTableUUID):
    """The metadata that a commit replaces is of this table and holds these properties (None: not set)."""

    expect: dict[str, str | None]

    def validate(self, base_metadata: TableMetadata | None) -> None:  # type: ignore[override]  # as PyIceberg
        super().validate(base_metadata)
        found = base_metadata.properties if base_metadata else {}
        for name, value in self.expect.items():
            if found.get(name) != value:
                raise CommitFailedException(f"{name} is {found.get(name)!r}, expected {value!r}")


class FencedTransaction(Transaction):
    """A transaction that is tried once.

    PyIceberg's own would try again on the newer table, and where it gives up it deletes the manifests it
    wrote. When Glue applied the commit but its answer was lost and botocore asked again, the refusal of
    the second request looks like a conflict: those manifests are then the table's. Here they stay, and
    the caller reads the table to see what came of its commit.
    """

    def __init__(self, table: Table, expect: Mapping[str, str | None]) -> None:
        super().__init__(table)
        self._fence = _Fence(uuid=table.metadata.table_uuid, expect=dict(expect))
        self._fence.validate(table.metadata)

    @property
    def is_empty(self) -> bool:
        """Whether committing it would change nothing."""
        return not self._updates

    def set_schema(self, schema: Schema) -> None:
        """Give the table other columns, whatever it had: all its files must then have them."""
        current = AssertCurrentSchemaId.model_validate(
            {"type": "assert-current-schema-id", "current-schema-id": self.table_metadata.current_schema_id}
        )
        number = 1 + max(one.schema_id for one in self.table_metadata.schemas)
        numbered = Schema(*schema.fields, schema_id=number)
        last_added = SetCurrentSchemaUpdate.model_validate({"action": "set-current-schema", "schema-id": -1})
        self._apply((AddSchemaUpdate(schema=numbered), last_added), (current,))

    def commit_transaction(self) -> Table:
        try:
            with translated_service(f"commit to {'.'.join(self._table.name())}"):
                self._table._do_commit(self._updates, (*self._requirements, self._fence))
        except Unavailable as lost:
            raise OutcomeUnknown(f"the answer was lost: {lost}") from lost
        return self._table


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raise what PyIceberg, PyArrow's file systems and the service raise as one of ours."""
    try:
        with translated_service(doing):
            yield
    except CommitFailedException as error:
        raise CommitConflict(f"{doing}: {error}") from error
    except (NoSuchTableError, NoSuchPropertyException) as error:
        raise IncompatibleTable(f"{doing}: {error}; registering its contract creates it") from error
    except NoSuchNamespaceError as error:
        raise Refused(f"{doing}: {error}; deploying the stack creates it") from error
    except FileNotFoundError as error:
        raise MissingArtefact(f"{doing}: {error}") from error
    except PermissionError as error:
        raise Refused(f"{doing}: {error}") from error
    except OSError as error:
        raise Unavailable(f"{doing}: {error}") from error
