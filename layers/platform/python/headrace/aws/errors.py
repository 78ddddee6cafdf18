"""The border where AWS's errors become Headrace's, chosen by error code and never by a message's text."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
)
from botocore.exceptions import ConnectionError as NoConnectionError

from headrace.domain.errors import HeadraceError, MissingArtefact, Refused, Throttled, Unavailable

_THROTTLING = frozenset(
    {
        "BandwidthLimitExceeded",
        "ExecutionLimitExceeded",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttled",
        "ThrottledException",
        "Throttling",
        "ThrottlingError",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
_OUTAGES = frozenset(
    {
        "ConditionalRequestConflict",
        "InternalError",
        "InternalException",
        "InternalFailure",
        "InternalServerError",
        "InternalServiceException",
        "OperationTimeoutException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
    }
)
_MISSING = frozenset({"NoSuchKey", "NoSuchVersion"})


def code_of(error: ClientError) -> str:
    """The service's own name for what went wrong."""
    return error.response["Error"].get("Code", "")


def domain_error(doing: str, code: str, message: str = "", status: int = 400) -> HeadraceError:
    """Headrace's error for a service's `code` (and HTTP status), met while `doing`."""
    text = f"{doing}: {code} {message}".rstrip()
    if code in _THROTTLING or status == 429:
        return Throttled(text)
    if code in _OUTAGES or status >= 500:
        return Unavailable(text)
    if code in _MISSING:
        return MissingArtefact(text)
    return Refused(text)


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Let only `headrace.domain.errors` out. `doing` names the operation and its resource."""
    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
        message = error.response["Error"].get("Message", "")
        raise domain_error(doing, code_of(error), message, status) from error
    except (NoConnectionError, HTTPClientError, IncompleteReadError, FlexibleChecksumError) as error:
        raise Unavailable(f"{doing}: {error}") from error
    except BotoCoreError as error:
        raise Refused(f"{doing}: {error}") from error
