"""Why a command stops: one message, and an exit code that means something."""

from enum import IntEnum

from headrace.domain.errors import HeadraceError, InvalidContract, InvalidRequest, Refused, Retryable


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
    (Refused, ExitCode.UNREACHABLE),
    (Retryable, ExitCode.UNREACHABLE),
    (HeadraceError, ExitCode.TROUBLE),
)


def explain(error: Exception) -> Failure:
    """The failure that an error of ours, of the platform or of AWS amounts to; else a bug."""
    if isinstance(error, Failure):
        return error
    known = error if isinstance(error, HeadraceError) else _of_aws(error)
    for kind, code in _CODES:
        if isinstance(known, kind):
            again = (
                "\nIs it there, and can you reach it? Then try again." if isinstance(known, Retryable) else ""
            )
            return Failure(code, f"{known}{again}")
    return Failure(
        ExitCode.BUG,
        f"{type(error).__name__}: {error}\n"
        "This is a bug in headrace; run again with HEADRACE_DEBUG=1 and report the traceback.",
    )


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
