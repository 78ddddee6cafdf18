"""The emulator this engine runs inside: clients for its endpoint, with the caller's account and region."""

from functools import cache

import boto3
from ministack import app
from ministack.core.responses import get_account_id, get_region
from mypy_boto3_glue import GlueClient
from mypy_boto3_s3 import S3Client
from pyiceberg.catalog.glue import GlueCatalog

_SECRET = "local"  # noqa: S105 - the emulator checks no secret of an account's root


def endpoint() -> str:
    return f"http://127.0.0.1:{app._resolve_port()}"


def account_and_region() -> tuple[str, str]:
    """Whose request is being served; an account's id is the access key of its root."""
    return get_account_id(), get_region()


@cache
def s3(account: str, region: str) -> S3Client:
    return boto3.client(
        "s3",
        endpoint_url=endpoint(),
        region_name=region,
        aws_access_key_id=account,
        aws_secret_access_key=_SECRET,
    )


@cache
def glue(account: str, region: str) -> GlueClient:
    return boto3.client(
        "glue",
        endpoint_url=endpoint(),
        region_name=region,
        aws_access_key_id=account,
        aws_secret_access_key=_SECRET,
    )


@cache
def catalog(account: str, region: str) -> GlueCatalog:
    return GlueCatalog(
        "awsdatacatalog",
        client=glue(account, region),
        **{
            "s3.endpoint": endpoint(),
            "s3.access-key-id": account,
            "s3.secret-access-key": _SECRET,
            "s3.region": region,
        },
    )
