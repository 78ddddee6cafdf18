"""S3's and SQS's gaps in MiniStack: what events say, how large batches are.

Each gap is tested twice: plain MiniStack still has it, else ours can go; here it is closed.
"""

import json

import pytest

from tests.local.account import Account, eventually

pytestmark = [pytest.mark.laptop, pytest.mark.slow]

# Events and queues


def arrivals(account: Account) -> tuple[str, str]:
    """A versioned bucket, and a queue that gets its EventBridge events."""
    bucket, (url, arn) = account.bucket(), account.queue()
    s3, events = account.client("s3"), account.client("events")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}
    events.put_rule(Name=bucket, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=bucket, Targets=[{"Id": "queue", "Arn": arn}])
    return bucket, url


def land_in_every_way(account: Account) -> tuple[dict[str, str], dict[str, str | None]]:
    """The versions S3 gave three objects, and those their events name."""
    bucket, queue = arrivals(account)
    s3 = account.client("s3")
    given = {"put": s3.put_object(Bucket=bucket, Key="put", Body=b"1")["VersionId"]}
    given["copied"] = s3.copy_object(
        Bucket=bucket, Key="copied", CopySource={"Bucket": bucket, "Key": "put"}
    )["VersionId"]
    upload = {"Bucket": bucket, "Key": "parts"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    part = s3.upload_part(**upload, PartNumber=1, Body=b"2")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    given["parts"] = s3.complete_multipart_upload(**upload, MultipartUpload=parts)["VersionId"]
    objects = [event["detail"]["object"] for event in account.receive(queue, 3)]
    return given, {landed["key"]: landed.get("version-id") for landed in objects}


def test_plain_an_event_does_not_name_the_version(plain: Account) -> None:
    _, named = land_in_every_way(plain)
    assert named == {"put": None, "copied": None, "parts": None}


def test_an_event_names_the_version_that_arrived(account: Account) -> None:
    given, named = land_in_every_way(account)
    assert named == given


HOSTILE_KEYS = [
    "sales/orders/a b+c%20d%2F.csv",
    "sales/orders/línea ü 漢字 🌊.csv",
    "sales/orders/new\nline\ttab.csv",
    "sales/orders/\"quoted\" 'and' <tagged> & {{%}}.csv",
    "sales//orders/./../up.csv",
]


def test_a_hostile_key_arrives_as_it_was_given(account: Account) -> None:
    bucket, queue = arrivals(account)
    for key in HOSTILE_KEYS:
        account.client("s3").put_object(Bucket=bucket, Key=key, Body=b"1")
    keys = [event["detail"]["object"]["key"] for event in account.receive(queue, len(HOSTILE_KEYS))]
    assert sorted(keys) == sorted(HOSTILE_KEYS)


def largest_batch(account: Account, messages: int) -> int:
    """The most messages one invocation got of those that waited, at a batch size of 100."""
    source, source_arn = account.queue()
    told, _ = account.queue()
    function = account.function(
        "import boto3\n"
        "def handler(event, context):\n"
        "    size = str(len(event['Records']))\n"
        f"    boto3.client('sqs').send_message(QueueUrl='{told}', MessageBody=size)\n"
    )
    for number in range(messages):
        account.client("sqs").send_message(QueueUrl=source, MessageBody=str(number))
    account.client("lambda").create_event_source_mapping(
        EventSourceArn=source_arn, FunctionName=function, BatchSize=100, MaximumBatchingWindowInSeconds=1
    )
    sizes: list[int] = []
    while sum(sizes) < messages:
        sizes += account.receive(told, 1)
    return max(sizes)


def test_plain_a_batch_has_ten_messages_at_most(plain: Account) -> None:
    assert largest_batch(plain, 25) == 10


def test_a_batch_has_as_many_messages_as_its_size_allows(account: Account) -> None:
    assert largest_batch(account, 25) == 25


def test_a_message_whose_record_failed_comes_back_alone(account: Account) -> None:
    source, source_arn = account.queue()
    account.client("sqs").set_queue_attributes(QueueUrl=source, Attributes={"VisibilityTimeout": "3"})
    told, _ = account.queue()
    function = account.function(
        "import boto3, json\n"
        "seen = set()\n"
        "def handler(event, context):\n"
        "    bodies = [record['body'] for record in event['Records']]\n"
        f"    boto3.client('sqs').send_message(QueueUrl='{told}', MessageBody=json.dumps(bodies))\n"
        "    bad = [r['messageId'] for r in event['Records'] if r['body'] == 'bad' and 'bad' not in seen]\n"
        "    seen.update(bodies)\n"
        "    return {'batchItemFailures': [{'itemIdentifier': name} for name in bad]}\n"
    )
    account.invoke(function, {"Records": []})  # else its cold start might outlast the visibility timeout
    for body in ("good", "bad", "better"):
        account.client("sqs").send_message(QueueUrl=source, MessageBody=body)
    account.client("lambda").create_event_source_mapping(
        EventSourceArn=source_arn, FunctionName=function, FunctionResponseTypes=["ReportBatchItemFailures"]
    )
    assert account.receive(told, 3) == [[], ["good", "bad", "better"], ["bad"]]
    counted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    eventually(
        lambda: (
            set(
                account.client("sqs")
                .get_queue_attributes(QueueUrl=source, AttributeNames=counted)["Attributes"]
                .values()
            )
            == {"0"}
        )
    )
