"""Masking keys, derived from one secret in Secrets Manager."""

import hmac
from functools import cached_property
from typing import TYPE_CHECKING

from headrace.aws.errors import translated
from headrace.domain.dataset import DatasetId

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


_DEPLOYMENT = "tokenise"
"""What the deployment's key is derived from: no dataset's id, for it has no slash."""


class SecretMaskingKeys:
    """MaskingKeys: HMAC-SHA256(secret, dataset id). The secret is read once in the life of this object."""

    def __init__(self, client: "SecretsManagerClient", secret_arn: str) -> None:
        self._client = client
        self._secret_arn = secret_arn

    def key(self, dataset: DatasetId) -> bytes:
        return self._derived(str(dataset))

    def token_key(self) -> bytes:
        return self._derived(_DEPLOYMENT)

    def _derived(self, name: str) -> bytes:
        return hmac.digest(self._secret, name.encode(), "sha256")

    @cached_property
    def _secret(self) -> bytes:
        with translated(f"read secret {self._secret_arn}"):
            return self._client.get_secret_value(SecretId=self._secret_arn)["SecretString"].encode()
