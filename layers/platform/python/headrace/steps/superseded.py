"""Finds objects that a replay must not load, because another version of their key has its place."""

from collections.abc import Iterable

from headrace.domain.batch import Entry, ObjectAudit
from headrace.domain.dataset import DatasetId
from headrace.domain.landed import ObjectState
from headrace.domain.plan import Reupload
from headrace.ports import Ledger


def superseded(
    dataset: DatasetId, objects: Iterable[tuple[Entry, ObjectAudit]], policy: Reupload, ledger: Ledger
) -> frozenset[str]:
    """The identities of those of these objects, each with its newest audit line, that were never loaded, and
    whose place another version of their key holds: the one that is loaded, else the last of them.

    Under `immutable` a key is one place, under `append` each content of a key is.
    """
    never = {
        entry.object: (line.sha256 or line.identity) if policy == "append" else ""
        for entry, line in objects
        if entry.previous is None and line.state in (ObjectState.QUARANTINED, ObjectState.REJECTED)
    }
    holders = {(landed.key, content): landed.identity for landed, content in never.items()}
    for key, loaded in ledger.loaded_content(dataset, sorted({landed.key for landed in never})).items():
        place = (key, loaded.sha256 if policy == "append" else "")
        if place in holders:
            holders[place] = loaded.identity
    return frozenset(
        landed.identity
        for landed, content in never.items()
        if holders[landed.key, content] != landed.identity
    )
