"""Starts one execution for each object that landed."""

import json
import os
from typing import Any

import boto3


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    machines = boto3.client("stepfunctions")
    for record in event["Records"]:
        landed = json.loads(record["body"])["detail"]["object"]
        if landed["key"].startswith("results/"):
            continue
        machines.start_execution(
            stateMachineArn=os.environ["INGEST"],
            name=landed["version-id"],
            input=json.dumps({"key": landed["key"], "version": landed["version-id"]}),
        )
    return {"batchItemFailures": []}
