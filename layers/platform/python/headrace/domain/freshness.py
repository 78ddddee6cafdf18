"""What a mart was computed from, as the mart itself says it."""

import json
from collections.abc import Mapping

from msgspec import Struct

from headrace.domain.zones import CONTRACT, SOURCES


class Freshness(Struct, frozen=True):
    """The mart's compiled contract, and for each dataset it reads the watermark it holds at least."""

    contract: str
    sources: dict[str, int]

    @classmethod
    def of(cls, properties: Mapping[str, str]) -> "Freshness | None":
        """Read a mart's table properties; None for a mart that was never computed."""
        if SOURCES not in properties:
            return None
        return cls(properties[CONTRACT], json.loads(properties[SOURCES]))

    def as_properties(self) -> dict[str, str]:
        return {CONTRACT: self.contract, SOURCES: json.dumps(self.sources, sort_keys=True)}

    def covers(self, goal: "Freshness") -> bool:
        """Whether reaching `goal` would bring nothing new."""
        return self.contract == goal.contract and all(
            self.sources.get(source, 0) >= watermark for source, watermark in goal.sources.items()
        )
