"""How every ledger forgets a dataset."""

from headrace.domain.batch import Previous
from headrace.domain.landed import LandedObject, ObjectState
from headrace.domain.lineup import DatasetState, Finished
from tests.ports.ledgers import ALBUMS, NOON, TRACKS, advance, standing
from tests.ports.worlds import World


def test_a_forgotten_dataset_begins_anew_and_its_neighbour_knows_nothing_of_it(world: World) -> None:
    ledger = world.ledger()
    objects = [LandedObject("landing", f"music/{number}.csv", "1", "c0ffee", 42) for number in range(3)]
    for dataset in (ALBUMS, TRACKS):
        ledger.register(dataset, "contracts/1.json")
        for landed in objects:
            ledger.admit(dataset, landed, NOON)
        ledger.assign(dataset, 1, objects[:2])
        loaded = Previous(objects[0].identity, "abc")
        ledger.finish(dataset, 1, [Finished(objects[0], ObjectState.LOADED, loaded=loaded)])
        advance(ledger, 1, dataset)
    before = ledger.objects(str(TRACKS))
    for _ in range(2):
        ledger.forget(ALBUMS)
    assert [state.dataset for state in ledger.datasets()] == [TRACKS]
    assert ledger.objects(str(ALBUMS)) == []
    assert ledger.loaded_content(ALBUMS, [objects[0].key]) == {}
    assert not any(ledger.known(ALBUMS, landed) for landed in objects)
    assert ledger.objects(str(TRACKS)) == before
    ledger.register(ALBUMS, "contracts/2.json")
    assert standing(ledger) == DatasetState(ALBUMS, "contracts/2.json", 1, 0)
    assert ledger.admit(ALBUMS, objects[0], NOON)
