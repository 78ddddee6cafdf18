"""The clock of the machine."""

from datetime import UTC, datetime


class SystemClock:
    """Clock: tells the machine's time, which AWS keeps within milliseconds of true."""

    def now(self) -> datetime:
        return datetime.now(UTC)
