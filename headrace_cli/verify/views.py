"""A verification as people read it: what is wrong first."""

from headrace_cli.render import console, many, plain
from headrace_cli.verify.findings import Verified


def show_verified(found: Verified) -> None:
    """What is wrong, what to look at, what was left out, and at last what was looked at."""
    say = console().out
    for one in found.violations:
        say(f"WRONG  {plain(str(one))}")
    for one in found.warnings:
        say(f"LOOK   {plain(str(one))}")
    for line in found.under_way:
        say(f"BUSY   {plain(line)}")
    looked = ", ".join(
        (
            many(len(found.datasets), "dataset"),
            f"{found.batches:,} batch{'' if found.batches == 1 else 'es'}",
            many(found.objects, "object"),
            many(found.rows, "row"),
        )
    )
    end = "all at rest" if found.at_rest else "not at rest, and what is worked on was left out"
    say(f"{looked}: {many(len(found.violations), 'violation')}; {end}")
