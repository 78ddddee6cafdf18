"""Has the deployment register contracts that were checked here: all, or none."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct

from headrace.domain.errors import InvalidContract
from headrace.steps.reconcile import Reconcile, Reconciled
from headrace.steps.register_dataset import RegisterDataset, Registered
from headrace_cli.contract.check import Checked
from headrace_cli.deployment import Deployment
from headrace_cli.failures import ExitCode, Failure, is_wrong_word

Reply = TypeVar("Reply")


def register(deployment: Deployment, checked: Sequence[Checked]) -> Registered:
    """Put contracts in force together. Raises InvalidContract where the deployment finds fault with one."""
    request = RegisterDataset(tuple(one.source for one in checked))
    return invoke(deployment, deployment.outputs.register_dataset_function, request, Registered)


def reconcile(deployment: Deployment) -> Reconciled:
    """Admit landed objects that no event announced, and revive datasets that nobody works on."""
    function = deployment.outputs.reconcile_function
    found = invoke(deployment, function, Reconcile(list_landing=True), Reconciled)
    while found.unfinished:  # its budget ended before the bucket did
        more = invoke(deployment, function, Reconcile(), Reconciled)
        found = Reconciled(
            found.admitted + more.admitted,
            (*found.woken, *more.woken),
            found.restored + more.restored,
            found.requests + more.requests,
            more.unfinished,
        )
    return found


class _Refusal(Struct, rename="camel"):
    """What Lambda answers for a function that raised."""

    error_type: str = "an error"
    error_message: str = ""


def invoke(deployment: Deployment, function: str, request: Struct, reply: type[Reply]) -> Reply:
    """Call a function of the deployment and wait. Raises InvalidContract where that is what it raised, and
    Failure for anything else; of what cannot be meant it has the function's own words."""
    answer = deployment.functions.invoke(FunctionName=function, Payload=msgspec.json.encode(request))
    payload = answer["Payload"].read()
    if "FunctionError" not in answer:
        return msgspec.json.decode(payload, type=reply)
    refusal = msgspec.json.decode(payload, type=_Refusal)
    if refusal.error_type == InvalidContract.__name__:
        raise InvalidContract(tuple(refusal.error_message.splitlines()))
    if is_wrong_word(refusal.error_type):
        raise Failure(ExitCode.USAGE, refusal.error_message)
    raise Failure(
        ExitCode.TROUBLE,
        f"function {function} failed with {refusal.error_type}: {refusal.error_message}\n"
        "Its log says more; calling it again is safe.",
    )
