"""Takes up objects that were refused because no contract was registered for them, once one is.

No object is forgotten in between: a registration points the dataset at its contract and then looks for
refused objects; who refuses an object looks for its dataset once more after that.
"""

from collections.abc import Container

from headrace.domain.dataset import DatasetId
from headrace.ports import Clock, Ledger


def route_refused(datasets: Container[DatasetId], *, ledger: Ledger, clock: Clock) -> int:
    """Move the refused objects of these datasets to them, where they wait; how many did. Wakes nobody."""
    routed = 0
    for refused in ledger.objects("unrouted"):
        dataset = DatasetId.of_key(refused.object.key)
        if dataset is not None and dataset in datasets:
            routed += ledger.route(dataset, refused.object, clock.now())
    return routed
