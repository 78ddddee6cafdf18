"""Every error Headrace raises on purpose, in two branches.

    HeadraceError
    ├── Retryable                 try again, unchanged: it may pass
    │   ├── Throttled
    │   ├── Unavailable
    │   ├── CommitConflict
    │   └── OutcomeUnknown
    └── Terminal                  the same call will fail again
        ├── InvalidRequest
        ├── InvalidSettings
        ├── Refused
        ├── InvalidContract
        ├── UnknownDataset
        ├── OutOfOrder
        ├── IncompatibleTable
        ├── MissingArtefact
        ├── EngineFault
        └── UnreadableObject

Class names are what the state machines retry and catch; a test ties them together.
"""


class HeadraceError(Exception):
    """Root of the tree; never raised itself."""


class Retryable(HeadraceError):
    """The same call may succeed later."""


class Terminal(HeadraceError):
    """The same call will fail again until somebody changes something."""


class Throttled(Retryable):
    """A service asked for fewer calls."""


class Unavailable(Retryable):
    """A service did not answer, or answered with a fault of its own."""


class CommitConflict(Retryable):
    """Another writer changed the table between our read and our commit."""


class OutcomeUnknown(Retryable):
    """A commit was sent and its answer was lost: re-read before deciding."""


class InvalidRequest(Terminal):
    """A step was called with something that is not its request."""


class InvalidSettings(Terminal):
    """An environment variable is missing or wrong; the message names it."""


class Refused(Terminal):
    """A service refuses the call as it is: a permission, a limit, or a resource that is not there."""


class InvalidContract(Terminal):
    """A contract cannot be compiled, or breaks the one in force; `problems` says where and what to do."""

    def __init__(self, problems: "tuple[str, ...]") -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class UnknownDataset(Terminal):
    """No contract is registered under this name."""


class OutOfOrder(Terminal):
    """A batch would be committed before the one it follows."""


class IncompatibleTable(Terminal):
    """The table that stands in the catalog cannot take what the contract says."""


class MissingArtefact(Terminal):
    """An object that the protocol wrote is not where it must be."""


class EngineFault(Terminal):
    """The engine broke its own promise; a defect of Headrace, not of the data."""


class UnreadableObject(Terminal):
    """A landed object cannot be read as its contract says; the whole object is quarantined."""
