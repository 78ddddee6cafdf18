"""A dataset passes while it is rebuilt, is found damaged, and passes once the rebuilt tables are its own."""

from headrace_cli.verify import verify
from tests.steps.test_rebuild_dataset import damage, land, publish, river, run
from tests.world import World

__all__ = ["river"]


def test_a_rebuild_heals_what_is_told(river: World) -> None:
    assert verify(river).violations == ()
    damage(river)
    (wrong,) = verify(river).violations
    assert (wrong.invariant, wrong.what) == ("I1", "curated has 1 rows, audit record 1 promises 2")
    run(river)
    found = verify(river)
    assert (found.violations, found.datasets) == ((wrong,), ("river/mills", "river/mills_rebuild1"))
    assert publish(river, 4)
    found = verify(river)
    assert (found.violations, found.datasets) == ((), ("river/mills",))
    land(river, "e", "name,wheels\nLate Mill,5\n")
    assert verify(river).violations == ()
