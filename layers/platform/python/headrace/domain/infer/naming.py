"""Names for columns and datasets, from what fields and files are called."""

from collections.abc import Collection, Sequence

from headrace.domain.column_names import RESERVED, snake_case

_LONGEST = 60


def free_name(source: str, taken: Collection[str], position: int) -> str:
    """A column's name for a field, one that none of `taken` has.

    `position`, from 1, names a field without a letter or digit that such a name may hold.
    """
    name = snake_case(source)[:_LONGEST].rstrip("_") or f"column_{position}"
    if name in RESERVED:
        name = f"{name}_"
    if name not in taken:
        return name
    return next(other for number in range(2, len(taken) + 3) if (other := f"{name}_{number}") not in taken)


def dataset_name(stems: Sequence[str]) -> str:
    """What files are about, by what their names share: `movies` for `movies-1900s` and `movies-2010s`."""
    words = [snake_case(stem).strip("_").split("_") for stem in stems]
    same: list[str] = []
    for column in zip(*words, strict=False):
        if len(set(column)) > 1:
            break
        same.append(column[0])
    telling = [word for word in same if not any(letter.isdigit() for letter in word)]
    name = "_".join(telling or same)[:40].strip("_")
    return name if name[:1].isalpha() else "data"


def domain_name(folder: str) -> str:
    """A domain's name for files that lie in a folder of this name."""
    name = snake_case(folder).replace("_", "").lstrip("0123456789")[:20]
    return name or "inbox"
