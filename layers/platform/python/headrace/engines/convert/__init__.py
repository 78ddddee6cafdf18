"""Formats that no engine reads, as formats that all do: Avro and ORC as Parquet, Excel as CSV, XML as NDJSON.

Their readers are native code that believes much of what a file says. So they run in a process of their
own, with limits: a file that makes one crash, hang or fill the memory costs itself alone.
"""

from headrace.engines.convert.isolation import convert
from headrace.engines.convert.job import Job

__all__ = ["Job", "convert"]
