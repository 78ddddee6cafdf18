"""How a dataset is named, and the names derived from it."""

import re

from msgspec import Struct

from headrace.domain.errors import InvalidRequest

_DOMAIN = re.compile(r"[a-z][a-z0-9]{0,19}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class DatasetId(Struct, frozen=True, order=True):
    """`domain/name`, as in `aviation/runways`.

    A domain holds no underscore, so that `domain_name` (the table) names one dataset only. Domains
    have at most 20 characters and names 40, so that an execution's name, `domain-name-batch-attempt`,
    keeps within Step Functions' 80.
    """

    domain: str
    name: str

    @classmethod
    def parse(cls, text: str) -> "DatasetId":
        """Read `domain/name`; raises InvalidRequest for anything else."""
        domain, slash, name = text.partition("/")
        if not (slash and _DOMAIN.fullmatch(domain) and _NAME.fullmatch(name)):
            raise InvalidRequest(
                f"{text!r} is not a dataset: write domain/name, lower-case letters, digits and "
                "(in the name) underscores, as in aviation/runways"
            )
        return cls(domain, name)

    @classmethod
    def of_key(cls, key: str) -> "DatasetId | None":
        """The dataset whose landing prefix `domain/name/` this key stands under, if it has that form."""
        domain, _, rest = key.partition("/")
        name, slash, _ = rest.partition("/")
        if not (slash and _DOMAIN.fullmatch(domain) and _NAME.fullmatch(name)):
            return None
        return cls(domain, name)

    def __str__(self) -> str:
        return f"{self.domain}/{self.name}"

    @property
    def table(self) -> str:
        """Name of its table in the Glue databases."""
        return f"{self.domain}_{self.name}"

    @property
    def slug(self) -> str:
        """The dataset in an execution's name: `domain-name`."""
        return f"{self.domain}-{self.name}"
