"""Verifies a deployment that stands: rows by Athena, and the queues beside the ports."""

from datetime import timedelta

from headrace.domain.dataset import DatasetId
from headrace_cli.deployment import Deployment
from headrace_cli.scene import buffer_of
from headrace_cli.verify.athena import AthenaRows
from headrace_cli.verify.check import verify
from headrace_cli.verify.findings import Verified
from headrace_cli.verify.outside import NOTHING, Outside


def verify_deployed(deployment: Deployment, dataset: DatasetId | None, settle: float) -> Verified:
    """Verify one dataset, or all and what is outside of them; `settle` in seconds, as `verify` has it.

    Raises Failure where the dataset is not registered.
    """
    if dataset:
        deployment.registered(dataset)
    return verify(
        deployment,
        dataset,
        rows=AthenaRows(deployment),
        outside=NOTHING if dataset else _queues(deployment),
        settle=timedelta(seconds=settle),
    )


def _queues(deployment: Deployment) -> Outside:
    buffer = buffer_of(deployment)
    return Outside(
        queues={"buffer": buffer.waiting + buffer.in_flight},
        dead={"dead letters": buffer.dead, "undelivered": buffer.undelivered},
    )
