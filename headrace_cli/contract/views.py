"""What the contract commands find, as people read it."""

import shutil
from collections.abc import Sequence

import yaml

from headrace_cli.contract.diff import Difference
from headrace_cli.contract.examples import Reasons, Tested
from headrace_cli.contract.show import Shown
from headrace_cli.contract.trial import Tried, TriedRule
from headrace_cli.render import console, many, note, plain, table


def show_tested(tested: Sequence[Tested]) -> None:
    """Each example with what it should give, and what it gave."""
    outcomes = [one for each in tested for one in each.outcomes]
    if outcomes:
        table(
            ("", "example", "expected", "got"),
            (
                (
                    "pass" if one.passed else "FAIL",
                    f"{one.file}:{one.line}",
                    _told(one.expected),
                    _told(one.got),
                )
                for one in outcomes
            ),
        )
    failed = sum(not one.passed for one in outcomes)
    bare = [str(one.dataset) for one in tested if not one.outcomes]
    note(f"{many(len(outcomes), 'example')}, {failed} failed")
    if bare:
        note(f"without examples (headrace.examples): {', '.join(bare)}")


def _told(reasons: Reasons) -> str:
    return ", ".join(f"{column} {rule}".lstrip() for column, rule in reasons) or "kept"


def show_tried(tried: Tried) -> None:
    """What would become of the files: the sums first, then why rows would not be published."""
    say = console().out
    table(
        ("file", "rows", "curated", "quarantined", "refused"),
        (
            (one.file, f"{one.rows:,}", f"{one.curated:,}", f"{one.quarantined:,}", one.reason)
            for one in tried.files
        ),
        right=(False, True, True, True, False),
    )
    for rule in tried.rules:
        _show_rule(rule)
    for outcome in tried.verdict:
        word = (
            "holds" if outcome.passed else "warns" if outcome.severity == "warning" else "REJECTS THE BATCH"
        )
        say(f"\nrule {plain(outcome.rule)} {word}: {plain(outcome.told)}")
    if tried.new_fields:
        fields = ", ".join(f"{plain(one.name)} ({one.type})" for one in tried.new_fields)
        say(f"\nnot in the contract: {fields}")
    for one in tried.personal:
        say(f"\nlooks personal: {plain(one.column)}, {plain(one.why)}; classification: pii masks it")
    decided = "" if tried.publish else ", for the batch would be rejected"
    sides = f"{tried.curated:,} would be curated and {tried.quarantined:,} quarantined"
    took = f"({tried.seconds:.1f} s, nothing was written)"
    note(f"{tried.dataset} {tried.contract}: of {many(tried.rows, 'row')} {sides}{decided} {took}")


def _show_rule(rule: TriedRule) -> None:
    say = console().out
    width = max(40, shutil.get_terminal_size().columns) - 8
    named = f"{rule.column} {rule.rule}".lstrip()
    say(f"\n{plain(named)}: {many(rule.rows, 'row')}")
    for one in rule.examples:
        where = f"row {one.row}" if one.row else "the whole object"
        say(f"  {plain(one.file)} {where}{': ' + plain(one.found) if one.found else ''}")
        if raw := plain(one.raw):
            say(f"      | {raw if len(raw) <= width else raw[: width - 1] + '…'}")


def show_difference(found: Difference) -> None:
    """Each change with its effect; then whether the new contract could be registered."""
    if found.changes:
        table(
            ("effect", "where", "what", "how to go on"),
            ((one.effect, one.where, one.what, one.how) for one in found.changes),
        )
    for line in found.refused:
        note(f"would be refused: {line}")
    if not found.changes:
        note(f"{found.dataset} {found.old} and {found.new} mean the same")
    elif not found.refused:
        note(f"{found.dataset} {found.new} can take the place of {found.old}")


def show_shown(found: Shown) -> None:
    """The contract's columns and settings; then its documentation, as its author wrote it."""
    say = console().out
    say(f"{found.dataset} {plain(found.contract)}")
    table(
        ("column", "field", "type", "rules", "mask", "class", "description"),
        (
            (
                one.name,
                "" if one.source == one.name else one.source,
                one.type,
                "; ".join(one.rules),
                one.mask,
                one.classification,
                one.description,
            )
            for one in found.columns
        ),
    )
    if found.settings:
        table(("setting", "value"), found.settings.items(), title="what Headrace acts on")
    if found.documentation:
        print("\nwhat it keeps:")
        written = yaml.safe_dump(found.documentation, allow_unicode=True, sort_keys=False, width=100)
        for line in written.splitlines():
            say(f"  {plain(line)}")
    for remark in found.notes:
        note(remark)
