"""What Athena says when it refuses a request, and what a query says when it fails.

InvalidRequest   the call itself is refused (HTTP 400); no query exists
QueryFailed      the query exists and ends FAILED, with Trino's error name and sentence
QueryCancelled   the query exists and ends CANCELLED
"""

from dataclasses import dataclass

# AthenaError.ErrorType for each Trino error name; names that are not listed read as 1000 on Athena.
ERROR_TYPES = {
    "DIVISION_BY_ZERO": 1001,
    "TYPE_MISMATCH": 1002,
    "COLUMN_NOT_FOUND": 1006,
    "CATALOG_NOT_FOUND": 1006,
    "INVALID_CAST_ARGUMENT": 1100,
    "INVALID_PARAMETER_USAGE": 1100,
    "MISSING_COLUMN_NAME": 1100,
    "INVALID_FUNCTION_ARGUMENT": 1106,
    "NOT_SUPPORTED": 1200,
    "TABLE_NOT_FOUND": 1301,
    "SCHEMA_NOT_FOUND": 1301,
    "FUNCTION_NOT_FOUND": 1303,
}
OTHER_ERROR_TYPE = 1000
USER_ERROR = 2  # AthenaError.ErrorCategory: 1 is the system, 2 the user, 3 other


@dataclass(eq=False)
class InvalidRequest(Exception):
    """A call that Athena answers with HTTP 400; `code` is its AthenaErrorCode, absent for other kinds."""

    message: str
    code: str | None = "INVALID_INPUT"
    kind: str = "InvalidRequestException"


@dataclass(eq=False)
class QueryFailed(Exception):
    """A query that ends FAILED: Trino's error name and sentence, and the offset they point to."""

    name: str
    message: str
    at: int | None = None

    def reason(self, statement: str) -> str:
        """StateChangeReason: the name, `line L:C` (from 1) where the place is known, and the sentence."""
        if self.at is None:
            return f"{self.name}: {self.message}"
        before = statement[: self.at]
        line, column = before.count("\n") + 1, self.at - (before.rfind("\n") + 1) + 1
        return f"{self.name}: line {line}:{column}: {self.message}"


class QueryCancelled(Exception):
    """A query that ends CANCELLED, by its user or by the workgroup's limit on bytes scanned."""


def not_supported(what: str, at: int | None = None) -> QueryFailed:
    """The refusal of what Athena may well run and this engine cannot answer faithfully."""
    return QueryFailed("NOT_SUPPORTED", f"{what} (not supported by the laptop's Athena)", at)
