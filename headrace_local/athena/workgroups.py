"""Workgroups, in the emulator's own store, where its CloudFormation creates them too."""

import copy
import time
from typing import Any

from ministack.services import athena

from headrace_local.athena.errors import InvalidRequest

Json = dict[str, Any]
PRIMARY = "primary"
_ENGINE = {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"}
_LEAST_CUTOFF = 10_000_000  # bytes, what Athena takes as BytesScannedCutoffPerQuery
_SETTINGS = (
    "EnforceWorkGroupConfiguration",
    "PublishCloudWatchMetricsEnabled",
    "BytesScannedCutoffPerQuery",
    "RequesterPaysEnabled",
    "EngineVersion",
    "ExecutionRole",
)


def get(name: str) -> Json:
    """A workgroup as stored; raises InvalidRequest where there is none."""
    athena._ensure_default_workgroup()
    found = athena._workgroups.get(name)
    if found is None:
        raise InvalidRequest("WorkGroup is not found.")
    return {**found, "Configuration": _typed(found.get("Configuration") or {})}


def _typed(config: Json) -> Json:
    """CloudFormation hands on a template parameter as text, whatever the property's type."""
    cutoff = config.get("BytesScannedCutoffPerQuery")
    return {**config, "BytesScannedCutoffPerQuery": int(cutoff)} if cutoff is not None else config


def configuration(name: str) -> Json:
    """A workgroup's configuration; raises InvalidRequest for one that is missing or disabled."""
    found = get(name)
    if found.get("State") == "DISABLED":
        raise InvalidRequest(f"WorkGroup {name} is disabled.")
    return dict(found.get("Configuration") or {})


def described(name: str) -> Json:
    """A workgroup as GetWorkGroup shows it, with the defaults it was not given."""
    found = get(name)
    given = copy.deepcopy(found.get("Configuration") or {})
    defaults: Json = {
        "EnforceWorkGroupConfiguration": True,
        "PublishCloudWatchMetricsEnabled": True,
        "RequesterPaysEnabled": False,
        "EnableMinimumEncryptionConfiguration": False,
        "ResultConfiguration": {},
    }
    if name == PRIMARY:
        defaults["EnforceWorkGroupConfiguration"] = False
    shown = {**defaults, **given, "EngineVersion": {**_ENGINE, **(given.get("EngineVersion") or {})}}
    answer = {k: found[k] for k in ("Name", "State", "CreationTime")} | {"Configuration": shown}
    return answer | ({"Description": found["Description"]} if found.get("Description") else {})


def listed() -> list[Json]:
    athena._ensure_default_workgroup()
    fields = ("Name", "State", "CreationTime")
    return [
        {k: w[k] for k in fields} | {"Description": w.get("Description", ""), "EngineVersion": _ENGINE}
        for w in sorted(athena._workgroups.values(), key=lambda w: str(w["Name"]))
    ]


def create(data: Json) -> None:
    athena._ensure_default_workgroup()
    name = data["Name"]
    if name in athena._workgroups:
        raise InvalidRequest("WorkGroup is already created")
    given = data.get("Configuration") or {}
    _check(given)
    athena._workgroups[name] = {
        "Name": name,
        "State": "ENABLED",
        "Description": data.get("Description", ""),
        "CreationTime": time.time(),
        "Configuration": given,
    }
    if data.get("Tags"):
        athena._tags[athena._arn_workgroup(name)] = {t["Key"]: t["Value"] for t in data["Tags"]}


def update(data: Json) -> None:
    found = get(data["WorkGroup"])
    updates = data.get("ConfigurationUpdates") or {}
    _check(updates)
    config: Json = dict(found.get("Configuration") or {})
    config.update({k: updates[k] for k in _SETTINGS if k in updates})
    if updates.get("RemoveBytesScannedCutoffPerQuery"):
        config.pop("BytesScannedCutoffPerQuery", None)
    result: Json = dict(config.get("ResultConfiguration") or {})
    for key, value in (updates.get("ResultConfigurationUpdates") or {}).items():
        if not key.startswith("Remove"):
            result[key] = value
        elif value:
            result.pop(key.removeprefix("Remove"), None)
    config["ResultConfiguration"] = result
    found["Configuration"] = config
    for member in ("Description", "State"):
        found[member] = data.get(member, found[member])
    athena._workgroups[data["WorkGroup"]] = found


def _check(config: Json) -> None:
    cutoff = config.get("BytesScannedCutoffPerQuery")
    if cutoff is not None and int(cutoff) < _LEAST_CUTOFF:
        raise InvalidRequest(
            "1 validation error detected: Value at 'configuration.bytesScannedCutoffPerQuery' failed to "
            f"satisfy constraint: Member must have value greater than or equal to {_LEAST_CUTOFF}"
        )


def delete(data: Json) -> None:
    name = data["WorkGroup"]
    if name == PRIMARY:
        raise InvalidRequest("The primary workgroup cannot be deleted.")
    get(name)
    children = [q for q in athena._named_queries.values() if q.get("WorkGroup") == name]
    children += [e for e in athena._executions.values() if e.get("WorkGroup") == name]
    if children and not data.get("RecursiveDeleteOption"):
        raise InvalidRequest(f"WorkGroup {name} is not empty")
    for store in (athena._named_queries, athena._executions):
        for key in [k for k, v in store.items() if v.get("WorkGroup") == name]:
            store.pop(key, None)
    athena._workgroups.pop(name, None)
    athena._tags.pop(athena._arn_workgroup(name), None)
