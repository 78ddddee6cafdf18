"""Workgroups hold settings that their queries keep to, and the list of those queries."""

import uuid
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError
from mypy_boto3_athena import AthenaClient

from tests.local.athena.conftest import Ask
from tests.local.athena.test_api import ICEBERG

pytestmark = [pytest.mark.laptop, pytest.mark.slow]


@pytest.fixture
def group(athena: AthenaClient) -> Iterator[str]:
    """A workgroup that insists on its own output location and a limit on bytes scanned."""
    name = f"group-{uuid.uuid4().hex[:8]}"
    athena.create_work_group(
        Name=name,
        Description="for tests",
        Configuration={
            "EnforceWorkGroupConfiguration": True,
            "ResultConfiguration": {"OutputLocation": "s3://lake/enforced/"},
            "BytesScannedCutoffPerQuery": 10_000_000,
        },
        Tags=[{"Key": "team", "Value": "water"}],
    )
    yield name
    athena.delete_work_group(WorkGroup=name, RecursiveDeleteOption=True)


def test_an_enforced_workgroup_overrides_the_callers_location(ask: Ask, group: str) -> None:
    asked = ask("SELECT 1", WorkGroup=group)
    assert asked.execution["ResultConfiguration"]["OutputLocation"].startswith("s3://lake/enforced/")
    assert asked.execution["WorkGroup"] == group


def test_a_workgroup_is_described_updated_listed_and_deleted(
    athena: AthenaClient, ask: Ask, group: str
) -> None:
    described = athena.get_work_group(WorkGroup=group)["WorkGroup"]
    assert described["State"] == "ENABLED"
    assert described["Configuration"]["BytesScannedCutoffPerQuery"] == 10_000_000
    athena.update_work_group(
        WorkGroup=group,
        State="DISABLED",
        ConfigurationUpdates={
            "EnforceWorkGroupConfiguration": False,
            "RemoveBytesScannedCutoffPerQuery": True,
            "ResultConfigurationUpdates": {"RemoveOutputLocation": True},
        },
    )
    changed = athena.get_work_group(WorkGroup=group)["WorkGroup"]
    assert changed["State"] == "DISABLED"
    assert changed["Description"] == "for tests"
    assert "BytesScannedCutoffPerQuery" not in changed["Configuration"]
    assert changed["Configuration"]["ResultConfiguration"] == {}
    with pytest.raises(ClientError, match="disabled"):
        ask("SELECT 1", WorkGroup=group)
    assert group in [w["Name"] for w in athena.list_work_groups()["WorkGroups"]]
    with pytest.raises(ClientError, match="already created"):
        athena.create_work_group(Name=group)
    arn = f"arn:aws:athena:us-east-1:000000000000:workgroup/{group}"
    assert athena.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "team", "Value": "water"}]
    with pytest.raises(ClientError, match="WorkGroup is not found"):
        athena.get_work_group(WorkGroup="gone")


def test_a_query_over_the_workgroups_limit_is_cancelled_before_it_reads(
    athena: AthenaClient, ask: Ask, group: str, database: str
) -> None:
    made = ask(
        f"CREATE TABLE big WITH ({ICEBERG}, location = 's3://lake/{database}/big') "
        "AS SELECT to_hex(sha256(to_utf8(cast(x * 1000 + y AS varchar)))) AS h, x "
        "FROM UNNEST(sequence(1, 500)) a(x) CROSS JOIN UNNEST(sequence(1, 700)) b(y)"
    )
    assert made.state == "SUCCEEDED", made.reason
    over = ask("SELECT max(h) FROM big", WorkGroup=group)
    assert (over.state, over.reason) == ("CANCELLED", "Bytes scanned limit was exceeded")
    assert int(over.execution["Statistics"]["DataScannedInBytes"]) > 10_000_000
    assert ask("SELECT max(x) FROM big", WorkGroup=group).rows == [["500"]]


def test_executions_are_listed_by_workgroup_and_fetched_in_batches(
    athena: AthenaClient, ask: Ask, group: str
) -> None:
    ids = [ask(f"SELECT {i}", WorkGroup=group).execution["QueryExecutionId"] for i in range(3)]
    listed = athena.list_query_executions(WorkGroup=group, MaxResults=2)
    rest = athena.list_query_executions(WorkGroup=group, NextToken=listed["NextToken"])
    assert listed["QueryExecutionIds"] + rest["QueryExecutionIds"] == ids[::-1]
    missing = str(uuid.uuid4())
    batch = athena.batch_get_query_execution(QueryExecutionIds=[*ids, missing])
    assert [e["QueryExecutionId"] for e in batch["QueryExecutions"]] == ids
    assert [u["QueryExecutionId"] for u in batch["UnprocessedQueryExecutionIds"]] == [missing]
    timeline = athena.get_query_runtime_statistics(QueryExecutionId=ids[0])["QueryRuntimeStatistics"][
        "Timeline"
    ]
    assert timeline["TotalExecutionTimeInMillis"] >= 0
