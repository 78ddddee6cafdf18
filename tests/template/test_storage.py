"""What is kept is encrypted, private, versioned, and survives the stack."""

import pytest

from tests.stack import as_list, refers, resources, template, text, transformed

BUCKETS = tuple(resources("AWS::S3::Bucket"))
KEPT = (*BUCKETS, "Ledger", "Key", "MaskingSecret")


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_is_encrypted_under_our_own_key(bucket: str) -> None:
    (rule,) = resources("AWS::S3::Bucket")[bucket]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": {"Fn::GetAtt": ["Key", "Arn"]},
    }


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_is_private_and_keeps_versions(bucket: str) -> None:
    properties = resources("AWS::S3::Bucket")[bucket]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert properties["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert "old-versions" in {rule["Id"] for rule in properties["LifecycleConfiguration"]["Rules"]}


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_is_reached_over_tls_only(bucket: str) -> None:
    policy = resources("AWS::S3::BucketPolicy")[f"{bucket}Policy"]
    statement = policy["PolicyDocument"]["Statement"]
    assert policy["Bucket"] == {"Ref": bucket}
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == [{"Fn::GetAtt": [bucket, "Arn"]}, {"Fn::Sub": f"${{{bucket}.Arn}}/*"}]


@pytest.mark.parametrize("name", KEPT)
def test_data_survives_the_stack(name: str) -> None:
    resource = transformed()["Resources"][name]
    assert resource["DeletionPolicy"] == "RetainExceptOnCreate"
    assert resource["UpdateReplacePolicy"] == "Retain"


def test_no_version_of_a_landed_object_is_ever_deleted() -> None:
    rules = resources("AWS::S3::Bucket")["LandingBucket"]["LifecycleConfiguration"]["Rules"]
    assert "Expiration" not in text(rules)


def test_the_ledger_is_paid_by_use_recoverable_and_encrypted() -> None:
    ledger = resources("AWS::DynamoDB::Table")["Ledger"]
    assert ledger["BillingMode"] == "PAY_PER_REQUEST"
    assert ledger["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert ledger["SSESpecification"]["KMSMasterKeyId"] == {"Fn::GetAtt": ["Key", "Arn"]}
    assert ledger["DeletionProtectionEnabled"] == {"Ref": "DeletionProtection"}
    assert template()["Parameters"]["DeletionProtection"]["Default"] == "true"


def test_only_the_landing_bucket_starts_an_ingest() -> None:
    rule = resources("AWS::Events::Rule")["LandedRule"]
    assert rule["EventPattern"]["detail"] == {"bucket": {"name": [{"Ref": "LandingBucket"}]}}
    announcing = {
        name for name, bucket in resources("AWS::S3::Bucket").items() if "NotificationConfiguration" in bucket
    }
    assert announcing == {"LandingBucket"}


def test_athena_writes_where_the_stack_says_encrypted_and_within_a_budget() -> None:
    (group,) = resources("AWS::Athena::WorkGroup").values()
    configuration = group["WorkGroupConfiguration"]
    result = configuration["ResultConfiguration"]
    assert configuration["EnforceWorkGroupConfiguration"] is True
    assert configuration["BytesScannedCutoffPerQuery"] == {"Ref": "ScanCutoffBytes"}
    assert result["EncryptionConfiguration"] == {
        "EncryptionOption": "SSE_KMS",
        "KmsKey": {"Fn::GetAtt": ["Key", "Arn"]},
    }
    assert result["OutputLocation"] == {"Fn::Sub": "s3://${LakeBucket}/athena-results/"}
    rules = resources("AWS::S3::Bucket")["LakeBucket"]["LifecycleConfiguration"]["Rules"]
    assert {"athena-results/"} == {rule["Prefix"] for rule in rules if "ExpirationInDays" in rule}


def test_alerts_and_the_masking_secret_are_encrypted_under_our_own_key() -> None:
    (topic,) = resources("AWS::SNS::Topic").values()
    (secret,) = resources("AWS::SecretsManager::Secret").values()
    assert set(refers(topic["KmsMasterKeyId"])) == {"Key"}
    assert set(refers(secret["KmsKeyId"])) == {"Key"}
    assert secret["GenerateSecretString"]["PasswordLength"] >= 32
    assert "SecretString" not in secret


def test_logs_are_kept_for_as_long_as_the_parameter_says() -> None:
    for group in resources("AWS::Logs::LogGroup").values():
        assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    for function in resources("AWS::Lambda::Function").values():
        assert function["LoggingConfig"]["LogGroup"] == {"Ref": "Logs"}
    for machine in resources("AWS::StepFunctions::StateMachine").values():
        assert "Logs" in set(refers(machine["LoggingConfiguration"]))


def test_no_log_of_an_execution_holds_what_its_states_were_given() -> None:
    for machine in resources("AWS::StepFunctions::StateMachine").values():
        assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False


def test_the_topic_takes_alarms_of_this_account_only() -> None:
    (policy,) = resources("AWS::SNS::TopicPolicy").values()
    for statement in as_list(policy["PolicyDocument"]["Statement"]):
        assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
