"""A small Spark on this machine, for as long as a test module needs it."""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from pyspark.sql import SparkSession

# What is said of an installed pandas, which nothing here uses.
warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas", category=FutureWarning)

_CONF = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "1500m",
    "spark.log.level": "OFF",
    "spark.sql.shuffle.partitions": "1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


@contextmanager
def local_spark(home: Path) -> Iterator[SparkSession]:
    """A session with two threads that keeps its files under `home` and is stopped at the end."""
    builder = SparkSession.builder.master("local[2]").appName("headrace")
    for name, value in _CONF.items():
        builder = builder.config(name, value)
    places = {"spark.sql.warehouse.dir": home / "warehouse", "spark.local.dir": home / "scratch"}
    for name, place in places.items():
        builder = builder.config(name, str(place))
    java = f"-Djava.io.tmpdir={home} -Dderby.system.home={home}"
    with mock.patch.dict(os.environ, {"PYSPARK_PYTHON": sys.executable}):
        spark = builder.config("spark.driver.extraJavaOptions", java).getOrCreate()
        try:
            yield spark
        finally:
            spark.stop()
