"""What a sample shows of each field: its values counted, to any depth."""

from collections import Counter
from collections.abc import Iterable

Value = str | bool | list["Value"] | dict[str, "Value"] | None
"""A value of a record; a number is a `Number`."""


class Number(str):
    """A number as the source writes it."""

    __slots__ = ()


class Seen:
    """The values of one field. `items` are those of its arrays, `members` those of its objects by name.

    `nulls` counts the places where the field stands without a value; where it is absent its owner knows.
    """

    def __init__(self) -> None:
        self.nulls = 0
        self.texts: Counter[str] = Counter()
        self.numbers: Counter[str] = Counter()
        self.booleans: Counter[str] = Counter()
        self.lists = 0
        self.objects = 0
        self.longest = 0
        self._items: Seen | None = None
        self.members: dict[str, Seen] = {}

    def add(self, value: Value) -> None:
        match value:
            case None:
                self.nulls += 1
            case Number():
                self.numbers[value] += 1
            case str():
                self.texts[value] += 1
            case bool():
                self.booleans["true" if value else "false"] += 1
            case list():
                self.lists += 1
                self.longest = max(self.longest, len(value))
                for item in value:
                    self.items.add(item)
            case dict():
                self.objects += 1
                for name, inner in value.items():
                    self.members.setdefault(name, Seen()).add(inner)

    def join(self, other: "Seen") -> None:
        """Count the values of another field as this one's too."""
        self.nulls += other.nulls
        self.texts += other.texts
        self.numbers += other.numbers
        self.booleans += other.booleans
        self.lists += other.lists
        self.objects += other.objects
        self.longest = max(self.longest, other.longest)
        if other.lists:
            self.items.join(other.items)
        for name, inner in other.members.items():
            self.members.setdefault(name, Seen()).join(inner)

    def list_singles(self) -> None:
        """Take single values for arrays of one wherever there are arrays too: XML writes both alike."""
        for inner in (*self.members.values(), *([self.items] if self.lists else [])):
            inner.list_singles()
        singles = self.present - self.lists
        if not (self.lists and singles):
            return
        one = Seen()
        one.texts, one.objects, one.members = self.texts, self.objects, self.members
        self.items.join(one)
        self.lists += singles
        self.texts, self.objects, self.members = Counter(), 0, {}

    @property
    def items(self) -> "Seen":
        if self._items is None:
            self._items = Seen()
        return self._items

    @property
    def present(self) -> int:
        """How many values there are."""
        scalars = self.texts.total() + self.numbers.total() + self.booleans.total()
        return scalars + self.lists + self.objects

    @property
    def spellings(self) -> Counter[str]:
        """The scalar values as texts, as a source without types writes them."""
        kinds = [kind for kind in (self.texts, self.numbers, self.booleans) if kind]
        return kinds[0] if len(kinds) == 1 else self.texts + self.numbers + self.booleans

    def forget(self, texts: Iterable[str]) -> None:
        """Take texts that mean no value for what they are."""
        for text in texts:
            self.nulls += self.texts.pop(text, 0)
