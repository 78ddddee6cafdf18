"""Decides on a batch, before anybody can read it: publish or reject."""

from msgspec import Struct

from headrace.domain import keys
from headrace.domain.batch import Manifest
from headrace.domain.verdict import judge
from headrace.ports import ObjectStore
from headrace.steps import records


class JudgeBatch(Struct, frozen=True):
    """`manifest` is the manifest's key."""

    manifest: str


class BatchJudged(Struct, frozen=True):
    """The verdict, in one word; its evidence is in the verdict record."""

    publish: bool


def judge_batch(request: JudgeBatch, *, artefacts: ObjectStore) -> BatchJudged:
    manifest = records.read(artefacts, request.manifest, Manifest)
    plan = records.read_plan(artefacts, manifest.contract)
    reports = records.read_reports(artefacts, manifest, rejected=False)
    verdict = judge(plan.rules, reports)
    artefacts.write(keys.verdict_key(manifest.dataset, manifest.batch), records.encode(verdict))
    return BatchJudged(verdict.publish)
