"""A small contract that compiles, and how a test changes it."""

from headrace.domain.contract.compile import compile_contract
from headrace.domain.errors import InvalidContract
from headrace.domain.plan import Column, Mart, Plan

PATH = "contracts/demo/things.odcs.yaml"
LANDING = 'server: landing, type: s3, location: "s3://landing/demo/things/"'
ID = "{name: id, logicalType: integer}"
NOTE = "{name: note, logicalType: string}"
SEEN = "{name: seen, logicalType: date}"
EXTENSION = "{property: headrace.reupload, value: append}"
THINGS = f"""\
kind: DataContract
apiVersion: v3.1.0
id: demo-things
version: 1.0.0
domain: demo
name: things
servers:
  - {{{LANDING}, format: csv}}
schema:
  - name: things
    properties:
      - {ID}
      - {NOTE}
      - {SEEN}
    quality:
      - {{metric: rowCount, mustBeGreaterThan: 0}}
customProperties:
  - {EXTENSION}
"""


def changed(old: str, new: str) -> str:
    """The contract with one piece of its text replaced."""
    assert THINGS.count(old) == 1, old
    return THINGS.replace(old, new)


def plan_of(text: str) -> Plan:
    compiled = compile_contract(PATH, text).compiled
    assert isinstance(compiled, Plan)
    return compiled


def mart_of(sql: str, properties: str = "{name: id, logicalType: integer}") -> Mart:
    compiled = compile_contract(PATH, mart_text(sql, properties)).compiled
    assert isinstance(compiled, Mart)
    return compiled


def mart_text(sql: str, properties: str = "{name: id, logicalType: integer}") -> str:
    """A mart's contract; its SQL begins on line 13."""
    block = "\n".join(f"      {line}" for line in sql.splitlines())
    return f"""\
kind: DataContract
apiVersion: v3.1.0
id: demo-things
version: 1.0.0
domain: demo
name: things
schema:
  - name: things
    properties: [{properties}]
customProperties:
  - property: headrace.sql
    value: |
{block}
"""


def column_of(declaration: str) -> Column:
    """The one column that a property declares."""
    (column,) = plan_of(changed(f"{ID}\n      - {NOTE}\n      - {SEEN}", declaration)).columns
    return column


def notes_on(text: str) -> tuple[str, ...]:
    return tuple(note.removeprefix(f"{PATH}:") for note in compile_contract(PATH, text).notes)


def problems_of(text: str, path: str = PATH) -> list[str]:
    """What is wrong with a contract, each without the path; empty where it compiles."""
    try:
        compile_contract(path, text)
    except InvalidContract as error:
        return [problem.removeprefix(f"{path}:") for problem in error.problems]
    return []
