"""A laptop of its own for each module: started, deployed and registered by the command, and wiped after."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace.domain.dataset import DatasetId
from headrace.ports import LedgerObject
from headrace_cli.deployment import Deployment, Target, resolve

PROJECT = Path(__file__).parents[2]
SHARED = PROJECT.parent / "shared/data"


class Headrace:
    """The command `headrace` on one laptop, run as a user runs it."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.remarks = ""

    def __call__(self, *words: str | Path, code: int = 0, timeout: float = 300) -> str:
        """Run a command; returns its stdout, and keeps its stderr as `remarks`. Fails with everything it
        said where it exits otherwise."""
        done = subprocess.run(
            [Path(sys.executable).parent / "headrace", "--state", self.state, *words],
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        self.remarks = done.stderr
        assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def rows(self, sql: str, database: str = "curated") -> list[dict[str, Any]]:
        found = json.loads(self("query", sql, "--json", "--database", database))
        rows: list[dict[str, Any]] = found["rows"]
        return rows

    def value(self, sql: str, database: str = "curated") -> Any:
        ((value,),) = (row.values() for row in self.rows(sql, database))
        return value

    @property
    def deployment(self) -> Deployment:
        return resolve(Target(self.state))

    def objects(self, dataset: str) -> list[LedgerObject]:
        """The landed objects of a dataset; replay requests are in the ledger, too."""
        deployment = self.deployment
        landing = deployment.outputs.landing_bucket
        return [one for one in deployment.ledger.objects(dataset) if one.object.bucket == landing]

    def conserved(self, dataset: str) -> int:
        """Check rows in = curated + quarantined, by query and by audit; returns the rows in."""
        table = DatasetId.parse(dataset).table
        curated = self.value(f"SELECT count(*) FROM {table}")
        quarantined = self.value(f"SELECT count(*) FROM {table}", "quarantine")
        objects = self.objects(dataset)
        assert all(one.state.terminal for one in objects)
        assert curated == sum(one.curated for one in objects)
        assert quarantined == sum(one.quarantined for one in objects)
        places = "SELECT count(*) FROM (SELECT DISTINCT _object, _row FROM {})"
        assert self.value(places.format(table)) == curated
        assert self.value(places.format(table), "quarantine") == quarantined
        rows: int = curated + quarantined
        assert rows == sum(one.rows for one in objects)
        return rows

    def executions(self) -> list[str]:
        """Names of all executions of `ingest`."""
        deployment = self.deployment
        machine = deployment.outputs.ingest_state_machine_arn
        pages = deployment.clients.stepfunctions.get_paginator("list_executions").paginate(
            stateMachineArn=machine
        )
        return [execution["name"] for page in pages for execution in page["executions"]]

    def at_rest(self, timeout: float = 120) -> None:
        self("watch", "--until-idle", "--timeout", str(timeout), timeout=timeout + 30)


@pytest.fixture(scope="module")
def headrace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Headrace]:
    headrace = Headrace(tmp_path_factory.mktemp("laptop"))
    try:
        headrace("up", "--port", "0")
        yield headrace
    finally:
        headrace("down", "--wipe")


def data(folder: str, *patterns: str) -> list[Path]:
    """Files of a real data set, in order; skips the test where the data sets are not beside the project."""
    if not (SHARED / folder).is_dir():
        pytest.skip(f"the data set {folder} is not beside the project")
    return sorted(path for pattern in patterns for path in (SHARED / folder).glob(pattern))
