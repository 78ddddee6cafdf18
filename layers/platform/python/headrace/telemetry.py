"""The only Logger and Metrics. Logs carry names and counts, never rows, keys of masks or contracts' data."""

import logging

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics as _Metrics
from aws_lambda_powertools.metrics import MetricUnit

from headrace.domain.dataset import DatasetId

logger = Logger(service="headrace", utc=True)
logging.getLogger("botocore").setLevel(logging.WARNING)  # it tells each client's credentials and endpoint


class EmbeddedMetrics:
    """Metrics as embedded metric format lines on stdout, which CloudWatch turns into metrics."""

    def count(self, name: str, value: float, dataset: DatasetId | None = None) -> None:
        metrics = _Metrics(namespace="Headrace", service="headrace")
        if dataset:
            metrics.add_dimension("dataset", str(dataset))
        metrics.add_metric(name, MetricUnit.Count, value)
        metrics.flush_metrics()
