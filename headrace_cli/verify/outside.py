"""What is seen from outside the ports: queues (I5), events received (I7), texts that were written (I8)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from headrace.domain.dataset import DatasetId
from headrace_cli.render import many
from headrace_cli.verify.books import Books
from headrace_cli.verify.findings import Findings

UPDATED = "Dataset Updated"


class Outside(Struct, frozen=True):
    """What a verification is given besides the ports; what is left out is not judged.

    `queues`: messages by queue, and `dead` those by queue that nobody will take up. `events`: detail type and
    detail of all that was received, repetitions too. `texts`: by name, what must hold none of the `canaries`
    (logs, state inputs, events).
    """

    queues: Mapping[str, int] = {}
    dead: Mapping[str, int] = {}
    events: Sequence[tuple[str, Mapping[str, object]]] | None = None
    texts: Iterable[tuple[str, str]] = ()
    canaries: Sequence[str] = ()


NOTHING = Outside()


def check_queues(outside: Outside, findings: Findings, *, patient: bool) -> None:
    """No message waits (I5). `patient`: those that will be taken up are under way."""
    for name, messages in outside.queues.items():
        if messages and patient:
            findings.under_way.append(f"{_lie(messages)} in the queue {name}")
        elif messages:
            findings.violated("I5", "", f"{_lie(messages)} in a queue", name)
    for name, messages in outside.dead.items():
        if messages:
            what = f"{_lie(messages, 'dead message')} in a queue"
            findings.violated("I5", "", what, f"{name}; `headrace redrive`")


def _lie(messages: int, noun: str = "message") -> str:
    return f"{many(messages, noun)} {'is' if messages == 1 else 'are'}"


def check_events(outside: Outside, books: Mapping[DatasetId, Books], findings: Findings) -> None:
    """Each batch that published rows was told under its one id, and nothing else was (I7)."""
    if outside.events is None:
        return
    received: defaultdict[str, list[Mapping[str, object]]] = defaultdict(list)
    for kind, detail in outside.events:
        if kind == UPDATED:
            received[str(detail.get("id"))].append(detail)
    for dataset, book in books.items():
        told = {identity for identity in received if identity.rpartition(":")[0] == str(dataset)}
        expected = {f"{dataset}:{batch}" for batch in book.told}
        for identity in sorted(expected - told):
            findings.violated("I7", dataset, "a batch was published and nobody was told", identity)
        for identity in sorted(told - expected):
            if identity != f"{dataset}:{book.closed + 1}" or not book.open:
                findings.violated("I7", dataset, "a batch was told of that published nothing", identity)
        for identity in sorted(told):
            if any(detail != received[identity][0] for detail in received[identity]):
                findings.violated("I7", dataset, "one event id has several contents", identity)


def check_canaries(outside: Outside, findings: Findings) -> None:
    """No planted value stands in a text (I8); a violation names the text, and the canary by its place."""
    for name, text in outside.texts:
        for number, canary in enumerate(outside.canaries):
            if (at := text.find(canary)) >= 0:
                findings.violated("I8", "", f"canary {number} stands in a text, at character {at}", name)
