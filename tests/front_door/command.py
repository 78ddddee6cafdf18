"""What both commands do alike: say what goes on, clean up when they are stopped, tell the end."""

import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol, TypeVar

Say = Callable[[str], None]


class Outcome(Protocol):
    """How a run ended; `problems` are lines to read, none where all is as it must be."""

    @property
    def problems(self) -> Sequence[str]: ...


Ended = TypeVar("Ended", bound=Outcome)


def carry_out(
    name: str, again: str, run: Callable[[Path, Say], Ended], figures: Callable[[Ended], str]
) -> int:
    """Run in a folder of its own; the exit code. The figures come last, in one line; `again` repeats it."""
    began = time.monotonic()

    def say(text: str) -> None:
        sys.stdout.write(f"{time.monotonic() - began:6.0f} s  {text}\n")
        sys.stdout.flush()

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the laptop is stopped and wiped
    with TemporaryDirectory(prefix=f"headrace-{name}-") as state:
        try:
            outcome = run(Path(state), say)
        except TimeoutError as error:
            say(f"{error}\nagain: {again}")
            return 1
    for problem in outcome.problems:
        say(problem)
    if outcome.problems:
        say(f"again: {again}")
    say(figures(outcome))
    return 1 if outcome.problems else 0
