"""Connects the ports, and turns an event into a step's request and its reply into JSON.

The one place that knows both the steps and their adapters. A handler names a step; the step's
signature says the rest: its first parameter is the request, its keyword parameters are attributes
of `Platform`.
"""

import inspect
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import Any, TypeVar, get_type_hints

import msgspec
from aws_lambda_powertools.utilities.typing import LambdaContext

from headrace import ports
from headrace.aws.clients import Clients
from headrace.aws.clock import SystemClock
from headrace.domain.errors import InvalidRequest
from headrace.domain.machine import Machine
from headrace.domain.zones import Zones
from headrace.settings import Settings
from headrace.telemetry import EmbeddedMetrics, logger


class Platform:
    """The ports, each connected on first use: a function connects only what its step asks for.

    Adapters are imported here and not above, so that a cold start pays for its own ports alone.
    """

    def __init__(self, settings: Settings, clients: Clients | None = None) -> None:
        self._settings = settings
        self._clients = clients or Clients()

    def _store(self, bucket: str) -> ports.ObjectStore:
        from headrace.aws.s3 import S3ObjectStore

        return S3ObjectStore(self._clients.s3, bucket)

    @cached_property
    def landing(self) -> ports.ObjectStore:
        return self._store(self._settings.landing_bucket)

    @cached_property
    def lake(self) -> ports.ObjectStore:
        return self._store(self._settings.lake_bucket)

    @cached_property
    def artefacts(self) -> ports.ObjectStore:
        return self._store(self._settings.artefacts_bucket)

    @cached_property
    def ledger(self) -> ports.Ledger:
        from headrace.aws.dynamodb import DynamoLedger

        return DynamoLedger(self._clients.dynamodb, self._settings.ledger_table)

    @cached_property
    def catalog(self) -> ports.TableCatalog:
        from headrace.aws.glue_iceberg import GlueTableCatalog

        return GlueTableCatalog.connect(self._settings.region, self._settings.endpoint, self._clients.glue)

    @cached_property
    def executions(self) -> ports.Executions:
        from headrace.aws.stepfunctions import StepFunctionsExecutions

        return StepFunctionsExecutions(self._clients.stepfunctions, self._settings.ingest_state_machine)

    @cached_property
    def events(self) -> ports.EventBus:
        from headrace.aws.eventbridge import EventBridgeBus

        return EventBridgeBus(self._clients.events, self._settings.event_bus)

    @cached_property
    def alerts(self) -> ports.Alerts:
        from headrace.aws.sns import SnsAlerts

        return SnsAlerts(self._clients.sns, self._settings.alerts_topic)

    @cached_property
    def masking_keys(self) -> ports.MaskingKeys:
        from headrace.aws.secretsmanager import SecretMaskingKeys

        return SecretMaskingKeys(self._clients.secretsmanager, self._settings.masking_secret)

    @cached_property
    def metrics(self) -> ports.Metrics:
        return EmbeddedMetrics()

    @cached_property
    def clock(self) -> ports.Clock:
        return SystemClock()

    @cached_property
    def zones(self) -> Zones:
        return self._settings.zones

    @cached_property
    def machine(self) -> Machine:
        return Machine(self._settings.memory_mb)


Reply = TypeVar("Reply")


def bind(step: Callable[..., Reply], platform: object) -> Callable[[Any], Reply]:
    """The step as a function of its request alone: its keyword parameters are the platform's ports."""
    ports_by_name = {
        name: getattr(platform, name)
        for name, parameter in inspect.signature(step).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    return partial(step, **ports_by_name)


Handler = Callable[[Any, LambdaContext], Any]


def entrypoint(step: Callable[..., Any], platform: Platform | None = None) -> Handler:
    """The Lambda handler of a step. Ports are connected at once, so that a cold start fails early.

    Raises InvalidSettings where the environment lacks something the step's ports need.
    """
    run = bind(step, platform or Platform(Settings()))
    request_type = get_type_hints(step)[next(iter(inspect.signature(step).parameters))]

    @logger.inject_lambda_context(clear_state=True)
    def handle(event: Any, context: LambdaContext) -> Any:  # noqa: ARG001 - Lambda's own signature
        logger.append_keys(step=step.__name__)
        try:
            reply = run(_request(event, request_type, step.__name__))
        except Exception as error:
            logger.exception("failed", extra={"error": type(error).__name__})
            raise
        return msgspec.to_builtins(reply)

    return handle


def _request(event: Any, request_type: Any, step: str) -> Any:
    """The event as the step's request; a step that reads an envelope itself gets it as it came."""
    if not (inspect.isclass(request_type) and issubclass(request_type, msgspec.Struct)):
        return event
    if not isinstance(event, Mapping):
        raise InvalidRequest(f"{step} takes a JSON object, not {type(event).__name__}")
    try:
        return msgspec.convert(event, request_type)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"{step} was called with a wrong request: {error}") from error
