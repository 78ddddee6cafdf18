"""The buffer: an SQS queue that hides what is being worked on, with its dead letters."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from headrace.steps.admit_objects import admit_objects
from tests.simulation.scheduler import Process

if TYPE_CHECKING:
    from tests.simulation.simulation import Simulation

VISIBILITY = 750.0
RECEIVES = 5
_FEW_RECEIVES = 2  # in one world of four: dead letters are too rare otherwise
BATCH = 10


class Message:
    """One message, which is `hidden` until a moment; `receipt` is of the receive that came last."""

    def __init__(self, number: int, body: str, hidden: float) -> None:
        self.id = f"m{number}"
        self.body = body
        self.hidden = hidden
        self.receives = 0
        self.receipt = 0


class Buffer:
    """Messages that wait or are worked on, by id, and those that nobody could work on."""

    def __init__(self, simulation: "Simulation") -> None:
        self.messages: dict[str, Message] = {}
        self.dead: list[Message] = []
        self._simulation = simulation
        self._random = simulation.faults.random("buffer")
        impatient = simulation.faults.random("patience").random() < 0.25
        self._most_receives = _FEW_RECEIVES if impatient else RECEIVES
        self._receipts = 0
        self._sent = 0

    def send(self, body: str) -> None:
        self._sent += 1
        message = Message(self._sent, body, self._simulation.scheduler.now)
        self.messages[message.id] = message
        self._poll_after(self._random.uniform(0, 5))

    def redrive(self) -> int:
        """Put the dead letters back; how many."""
        back, self.dead = self.dead, []
        for message in back:
            self.send(message.body)
        return len(back)

    def _poll_after(self, seconds: float) -> None:
        self._simulation.scheduler.after(seconds, self._poll)

    def _poll(self) -> None:
        now = self._simulation.scheduler.now
        visible = [one for one in self.messages.values() if one.hidden <= now]
        self._random.shuffle(visible)
        taken = [one for one in visible[:BATCH] if not self._is_dead(one)]
        if not taken:
            return
        self._receipts += 1
        receipt = self._receipts
        for message in taken:
            message.receives += 1
            message.receipt = receipt
            self._hide(message)
        records = [{"messageId": one.id, "eventSource": "aws:sqs", "body": one.body} for one in taken]
        step: Callable[..., Any] = self._simulation.admit_step or admit_objects
        process = self._simulation.invoke(step, {"Records": records}, f"admit-{receipt}")
        process.when_ended(lambda: self._received(process, taken, receipt, now))

    def _hide(self, message: Message) -> None:
        faults = self._simulation.faults
        early = faults.strikes("visibility_expiry", message.id, self._random)
        seconds = self._random.uniform(0, 3) if early else VISIBILITY
        message.hidden = self._simulation.scheduler.now + seconds
        self._poll_after(seconds + 0.001)

    def _is_dead(self, message: Message) -> bool:
        if message.receives < self._most_receives:
            return False
        del self.messages[message.id]
        self.dead.append(message)
        return True

    def _received(self, process: Process[Any], taken: list[Message], receipt: int, since: float) -> None:
        """Delete what was admitted. What failed, or whose deletion got lost, comes back."""
        if process.error:
            return
        failed = {one["itemIdentifier"] for one in process.reply["batchItemFailures"]}
        for message in taken:
            stale = message.receipt != receipt and self._random.random() < 0.5
            if message.id in failed or stale:
                continue
            self._simulation.acknowledged(message.body, since)
            if not self._simulation.faults.strikes("acknowledgement_lost", message.id, self._random):
                self.messages.pop(message.id, None)
