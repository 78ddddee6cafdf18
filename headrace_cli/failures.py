"""Why a command stops: one message, and an exit code that means something."""

from enum import IntEnum

from headrace.domain.errors import (
    HeadraceError,
    InvalidContract,
    InvalidRequest,
    Refused,
    Retryable,
    UnknownDataset,
)


class ExitCode(IntEnum):
    """What a command's exit code says; docs/commands.md lists them for people."""

    FINE = 0
    TROUBLE = 1
    USAGE = 2
    UNREACHABLE = 3
    INVALID_CONTRACT = 4
    NOT_AT_REST = 5
    BUG = 70
    INTERRUPTED = 130


class Failure(Exception):
    """Ends a command. The message says what was wrong, where, and what to do next."""

    def __init__(self, code: ExitCode, message: str) -> None:
        super().__init__(message)
        self.code = code


_CODES = (
    (InvalidContract, ExitCode.INVALID_CONTRACT),
    (InvalidRequest, ExitCode.USAGE),
    (UnknownDataset, ExitCode.USAGE),
    (Refused, ExitCode.UNREACHABLE),
    (Retryable, ExitCode.UNREACHABLE),
    (HeadraceError, ExitCode.TROUBLE),
)


_AGAIN_ON_AWS = "Is it there, and can you reach it? Then try again."
_AGAIN_ON_LAPTOP = (
    "Is the laptop running? `headrace up` starts it, and work that was begun goes on by itself. "
    "Then try again."
)


def explain(error: Exception, *, on_laptop: bool = False) -> Failure:
    """The failure that an error of ours, of the platform or of AWS amounts to; else a bug. `on_laptop`: what
    could not be reached was the laptop."""
    if isinstance(error, Failure):
        return error
    known = error if isinstance(error, HeadraceError) else _of_aws(error)
    for kind, code in _CODES:
        if isinstance(known, kind):
            again = f"\n{_AGAIN_ON_LAPTOP if on_laptop else _AGAIN_ON_AWS}"
            return Failure(code, f"{known}{again if isinstance(known, Retryable) else ''}")
    return Failure(
        ExitCode.BUG,
        f"{type(error).__name__}: {error}\n"
        "This is a bug in headrace; run again with HEADRACE_DEBUG=1 and report the traceback.",
    )


def is_wrong_word(error: str) -> bool:
    """Whether a function, or an execution, failed with an error of this name because of what it was asked."""
    return error in (InvalidRequest.__name__, UnknownDataset.__name__)


def _of_aws(error: Exception) -> HeadraceError | None:
    from botocore.exceptions import ClientError

    from headrace.aws.errors import translated

    def again() -> None:
        raise error

    try:
        with translated(error.operation_name if isinstance(error, ClientError) else "AWS"):
            again()
    except HeadraceError as known:
        return known
    except Exception:  # noqa: BLE001 - the very error we were asked about, and not one of AWS's
        return None
    return None
