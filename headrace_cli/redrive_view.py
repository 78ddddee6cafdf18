"""What a redrive found and did, as people read it."""

from headrace.domain.dead_letters import Handler
from headrace_cli.redrive import Group, Redriven
from headrace_cli.redrive_follow import BEFORE
from headrace_cli.render import console, many, plain

_WHERE: dict[Handler, tuple[str, str]] = {
    "buffer": ("goes back to the buffer", "sent back to the buffer"),
    "reconcile": ("reconcile makes up for it", "reconcile made up for it"),
    "refresh_mart": ("refresh_mart is started with it", "refresh_mart was started with it"),
    "record": ("is kept as a record under dead_letters/", "kept as a record under dead_letters/"),
}
"""What a plan says, and what is said after."""


def show_redriven(found: Redriven) -> None:
    say = console().out
    say(found.deployment)
    if not found.groups:
        say("no dead letters")
    for group in found.groups:
        for line in _lines(group, planned=found.planned):
            say(line)
    if found.ends:
        say(
            "\nobjects: "
            + ", ".join(f"{count:,} {_state(name)}" for name, count in sorted(found.ends.items()))
        )
    for line in found.told:
        say(f"  {plain(line)}")
    if found.refreshes:
        ended = ", ".join(f"{count:,} {name}" for name, count in sorted(found.refreshes.items()))
        say(f"refreshes of marts: {ended}")


def _lines(group: Group, *, planned: bool) -> tuple[str, ...]:
    where = _WHERE[group.to][0 if planned else 1]
    announced = f" of {many(group.objects, 'object')}" if group.objects else ""
    received = f"{many(group.receives, 'time')}, looks of this command too"
    return (
        f"\n{group.queue}: {many(group.messages, 'message')}{announced}: {where}",
        f"  why: {plain(group.why)}",
        f"  received up to {received}; the oldest sent {group.oldest}",
        f"  such as: {plain(group.example)}",
    )


def _state(name: str) -> str:
    return "at their end before" if name == BEFORE else name
