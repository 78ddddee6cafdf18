"""The converting process: takes jobs as JSON, answers each with a line."""

import resource
import sys
from pathlib import Path

import msgspec

from headrace.domain.errors import UnreadableObject
from headrace.domain.formats import Avro, Excel, Orc, Xml
from headrace.engines.convert.avro import avro_to_parquet
from headrace.engines.convert.excel import excel_to_csv
from headrace.engines.convert.job import Job
from headrace.engines.convert.orc import orc_to_parquet
from headrace.engines.convert.xml import xml_to_ndjson


def main(memory: int) -> None:
    """Do the jobs from the standard input with at most `memory` bytes; print why each cannot be done, or
    an empty text."""
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for job in msgspec.json.decode(sys.stdin.buffer.read(), type=list[Job]):
        problem = _problem(job, memory)
        sys.stdout.buffer.write(msgspec.json.encode(problem) + b"\n")
        sys.stdout.buffer.flush()


def _problem(job: Job, memory: int) -> str:
    try:
        _convert(job)
    except UnreadableObject as error:
        return str(error)
    except MemoryError:
        return f"the file cannot be read within {memory >> 20} MB of memory; land it in smaller files"
    return ""


def _convert(job: Job) -> None:
    path, to = Path(job.path), Path(job.to)
    match job.format:
        case Avro():
            avro_to_parquet(path, to)
        case Orc():
            orc_to_parquet(path, to, job.fields)
        case Excel(sheet=sheet, skip=skip):
            excel_to_csv(path, to, sheet, skip)
        case Xml(record_path=record_path):
            xml_to_ndjson(path, to, record_path, job.arrays)
