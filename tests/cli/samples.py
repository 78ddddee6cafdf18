"""Sample files that tests draft contracts from, and what comes out when a draft meets them again."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from headrace.domain.contract.compile import compile_contract
from headrace.domain.dataset import DatasetId
from headrace.domain.plan import Column, Plan
from headrace_cli.contract.check import check
from headrace_cli.contract.infer import infer
from headrace_cli.contract.trial import Tried, try_contract

MILLS = DatasetId("river", "mills")


def drafted(*files: Path) -> tuple[str, Plan]:
    """The draft of a contract over these files, and what it compiles into, which takes no note."""
    text = infer(files, MILLS)
    compilation = compile_contract(f"contracts/{MILLS}.odcs.yaml", text)
    assert compilation.notes == ()
    assert isinstance(compilation.compiled, Plan)
    return text, compilation.compiled


def columns(plan: Plan) -> dict[str, Column]:
    return {one.name: one for one in plan.columns}


def tried(text: str, tmp_path: Path, *files: Path) -> Tried:
    """What becomes of files under a contract."""
    contract = tmp_path / "river" / "mills.odcs.yaml"
    contract.parent.mkdir(exist_ok=True)
    contract.write_text(text, "utf-8")
    (checked,) = check([contract])
    return try_contract(files, checked)


def remark(text: str, column: str) -> str:
    """The comment above a column of a drafted contract."""
    before = text.partition(f"- name: {column}\n")[0]
    return before.rstrip().rpartition("#")[2].strip()


def ndjson(path: Path, rows: Sequence[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path
