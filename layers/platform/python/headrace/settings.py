"""The only reader of the environment: typed, read once at cold start, failing with the variable's name."""

import os
from collections.abc import Mapping
from functools import cached_property

from headrace.domain.errors import InvalidSettings
from headrace.domain.zones import Zones


class Settings:
    """What the template tells a function. Each function is given only the variables its ports need."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._environment = environment

    def _text(self, name: str) -> str:
        value = self._environment.get(name, "")
        if not value:
            raise InvalidSettings(f"environment variable {name} is not set; template.yaml sets it")
        return value

    def _number(self, name: str) -> int:
        value = self._text(name)
        if not value.isdecimal():
            raise InvalidSettings(f"environment variable {name} must be a whole number, not {value!r}")
        return int(value)

    @cached_property
    def landing_bucket(self) -> str:
        return self._text("LANDING_BUCKET")

    @cached_property
    def lake_bucket(self) -> str:
        return self._text("LAKE_BUCKET")

    @cached_property
    def artefacts_bucket(self) -> str:
        return self._text("ARTEFACTS_BUCKET")

    @cached_property
    def ledger_table(self) -> str:
        return self._text("LEDGER_TABLE")

    @cached_property
    def zones(self) -> Zones:
        return Zones(
            curated_database=self._text("CURATED_DATABASE"),
            quarantine_database=self._text("QUARANTINE_DATABASE"),
            marts_database=self._text("MARTS_DATABASE"),
        )

    @cached_property
    def ingest_state_machine(self) -> str:
        """ARN of the state machine that processes a dataset's batches."""
        return self._text("INGEST_STATE_MACHINE_ARN")

    @cached_property
    def event_bus(self) -> str:
        return self._text("EVENT_BUS")

    @cached_property
    def alerts_topic(self) -> str:
        """ARN of the operators' SNS topic."""
        return self._text("ALERTS_TOPIC_ARN")

    @cached_property
    def masking_secret(self) -> str:
        """ARN of the secret from which the masking keys are derived."""
        return self._text("MASKING_SECRET_ARN")

    @cached_property
    def memory_mb(self) -> int:
        """The function's memory; Lambda itself sets this variable."""
        return self._number("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")

    @cached_property
    def region(self) -> str:
        """Set by Lambda itself."""
        return self._text("AWS_REGION")

    @cached_property
    def endpoint(self) -> str | None:
        """Where AWS's services are; None for AWS itself. boto3 reads this variable too, PyArrow does not."""
        return self._environment.get("AWS_ENDPOINT_URL") or None
