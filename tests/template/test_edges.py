"""Each place where a message could be lost: a queue takes what fails, and an alarm says so."""

from typing import Any

import pytest

from tests.stack import functions, refers, resources

DEAD_LETTERS = "ApproximateNumberOfMessagesVisible"
RULES = tuple(resources("AWS::Events::Rule"))
SCHEDULES = tuple(resources("AWS::Scheduler::Schedule"))


def watched(metric: str) -> set[str]:
    """The logical ids whose metric somebody is told of as soon as it is not zero."""
    found = set()
    for alarm in resources("AWS::CloudWatch::Alarm").values():
        if alarm["MetricName"] == metric:
            assert alarm["AlarmActions"] == [{"Ref": "AlertsTopic"}]
            assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
            found |= set(refers(alarm["Dimensions"]))
    return found


def assert_delivered_or_kept(target: dict[str, Any]) -> None:
    assert target["RetryPolicy"].keys() == {"MaximumEventAgeInSeconds", "MaximumRetryAttempts"}
    assert set(refers(target["DeadLetterConfig"])) <= watched(DEAD_LETTERS)


@pytest.mark.parametrize("rule", RULES)
def test_what_a_rule_cannot_deliver_waits_in_a_queue_with_an_alarm(rule: str) -> None:
    for target in resources("AWS::Events::Rule")[rule]["Targets"]:
        assert_delivered_or_kept(target)


@pytest.mark.parametrize("rule", RULES)
def test_the_queue_for_undelivered_events_takes_them_from_every_rule(rule: str) -> None:
    policy = resources("AWS::SQS::QueuePolicy")["UndeliveredQueuePolicy"]
    assert rule in set(refers(policy["PolicyDocument"]))


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_what_a_schedule_cannot_deliver_waits_in_a_queue_with_an_alarm(schedule: str) -> None:
    target = resources("AWS::Scheduler::Schedule")[schedule]["Target"]
    assert_delivered_or_kept(target)
    (role,) = refers(target["RoleArn"])
    policies = resources("AWS::IAM::Role")[role]["Policies"]
    assert set(refers(policies)) == {"UndeliveredQueue", "ReconcileFunction"}


def test_what_a_function_fails_to_do_when_invoked_by_an_event_waits_in_a_queue_with_an_alarm() -> None:
    invoked_by_rules = {
        function
        for rule in resources("AWS::Events::Rule").values()
        for target in rule["Targets"]
        for function in refers(target["Arn"])
        if function.endswith("Function")
    }
    configured = {}
    for config in resources("AWS::Lambda::EventInvokeConfig").values():
        (function,) = refers(config["FunctionName"])
        configured[function] = set(refers(config["DestinationConfig"]["OnFailure"]))
    assert configured.keys() == invoked_by_rules
    assert all(queues <= watched(DEAD_LETTERS) for queues in configured.values())


def test_the_buffer_gives_a_message_five_tries_and_then_keeps_it_in_a_queue_with_an_alarm() -> None:
    redrive = resources("AWS::SQS::Queue")["Buffer"]["RedrivePolicy"]
    assert redrive["maxReceiveCount"] == 5
    assert set(refers(redrive["deadLetterTargetArn"])) == {"BufferDeadLetterQueue"}
    assert "BufferDeadLetterQueue" in watched(DEAD_LETTERS)


def test_a_message_stays_hidden_for_six_times_as_long_as_its_function_may_run() -> None:
    for source in resources("AWS::Lambda::EventSourceMapping").values():
        (queue,) = refers(source["EventSourceArn"])
        (function,) = refers(source["FunctionName"])
        timeout = resources("AWS::Lambda::Function")[function]["Timeout"]
        window = source["MaximumBatchingWindowInSeconds"]
        assert resources("AWS::SQS::Queue")[queue]["VisibilityTimeout"] >= 6 * timeout + window


def test_one_bad_message_does_not_bring_its_neighbours_back() -> None:
    for source in resources("AWS::Lambda::EventSourceMapping").values():
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert source["ScalingConfig"]["MaximumConcurrency"] >= 2


def test_only_the_rule_for_landed_objects_may_put_messages_into_the_buffer() -> None:
    policy = resources("AWS::SQS::QueuePolicy")["BufferPolicy"]
    statement = policy["PolicyDocument"]["Statement"]
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["LandedRule", "Arn"]}}}
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}


def test_every_queue_keeps_its_messages_encrypted_for_fourteen_days() -> None:
    for queue in resources("AWS::SQS::Queue").values():
        assert queue["SqsManagedSseEnabled"] is True
        assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_an_execution_that_fails_without_a_word_is_told_of() -> None:
    started_by_hand = {"ReplayStateMachine"}  # whoever starts it waits for its end
    machines = set(resources("AWS::StepFunctions::StateMachine"))
    assert watched("ExecutionsFailed") == machines - started_by_hand


def test_reconcile_hears_of_every_end_of_ingest_that_leaves_a_lease_behind() -> None:
    pattern = resources("AWS::Events::Rule")["ReconcileFunctionStopped"]["EventPattern"]
    assert set(pattern["detail"]["status"]) == {"FAILED", "TIMED_OUT", "ABORTED"}
    assert pattern["detail"]["stateMachineArn"] == [{"Ref": "IngestStateMachine"}]
    expressions = {one["ScheduleExpression"] for one in resources("AWS::Scheduler::Schedule").values()}
    assert "rate(5 minutes)" in expressions


def test_no_function_waits_longer_than_lambda_allows() -> None:
    for function in functions().values():
        assert function["Timeout"] <= 900
