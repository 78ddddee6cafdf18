"""What a rebuild goes through and finds, as people read it."""

from headrace_cli.rebuild.rebuilding import Dropped, RebuildPlan, Rebuilt
from headrace_cli.render import console, many, note, plain, table


def show_plan(planned: RebuildPlan) -> None:
    say = console().out
    say(
        plain(
            f"{planned.dataset}: {_batches(planned.batches)} of {many(planned.objects, 'object')} would be "
            f"refined again: {many(planned.rows, 'row')} = {planned.curated:,} curated + "
            f"{planned.quarantined:,} quarantined"
        )
    )
    if planned.shadow:
        say(plain(f"begun already, into {planned.shadow}: the same command without --plan goes on"))
    note("this is a plan: nothing was changed")


def show_drop(dropped: Dropped) -> None:
    given_up = f"{dropped.shadow} is given up" if dropped.shadow else "no rebuild was begun"
    console().out(plain(f"{dropped.dataset}: {given_up}; its tables are as they were"))


def show_rebuild(found: Rebuilt) -> None:
    """The comparison of both tables, then what it led to, and what to do next."""
    say = console().out
    titles = ("table", "rows rebuilt", "only in the old", "only in the new", "different")
    counts = [
        (one.table, *(f"{count:,}" for count in (one.rows, one.only_old, one.only_new, one.different)))
        for one in found.differences
    ]
    table(titles, counts, right=(False, True, True, True, True))
    if found.published:
        say(plain(f"{found.dataset}: rebuilt from {_batches(found.batches)} and swapped in"))
        return
    say(plain(f"{found.dataset}: as it was; its rebuilt rows are in {found.shadow}"))
    for one in found.differences:
        if not one.none:
            note(f"the places that differ in {one.table}:\nheadrace query - <<'SQL'\n{one.sql}\nSQL")
    note(
        f"`headrace rebuild {found.dataset}{'' if found.same else ' --accept'}` swaps them in, "
        f"`headrace rebuild {found.dataset} --drop` gives them up"
    )


def _batches(count: int) -> str:
    return "1 batch" if count == 1 else f"{count:,} batches"
