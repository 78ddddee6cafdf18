"""The wrong variants, each a few words of the product put otherwise."""

from tests.simulation.planted.catch import Bug, Change

_STEPS = "headrace.steps"
_ADMIT = f"{_STEPS}.admit_objects"
_PLAN = f"{_STEPS}.plan_batch"
_REFINE = f"{_STEPS}.refine_unit"
_COMMIT = f"{_STEPS}.commit_batch"
_CLOSE = f"{_STEPS}.close_batch"
_RECONCILE = f"{_STEPS}.reconcile"
_WAKE = f"{_STEPS}.wake"
_RECORDS = f"{_STEPS}.records"
_RECALL = f"{_STEPS}.recall"
_SEARCH = f"{_STEPS}.search_landing"
_KEYS = "headrace.domain.keys"
_FAKES = "tests.fakes"
_TABLES = "tests.fake_tables"

_ASSIGN = "    ledger.assign(dataset, manifest.batch, manifest.taken)\n"
_ADVANCE = "    if state:\n        ledger.advance(dataset, manifest.batch, state.registration)\n"
_FINISH = "    settle(manifest, manifest.taken, finished_objects(manifest, audit), ledger, clock.now())\n"
_AUDIT = "    audit, profile = _closing(manifest, artefacts, clock)\n"
_ONLY_FINISH = "    ledger.finish(dataset, manifest.batch, finished_objects(manifest, audit))\n"
_TELL = "    if audit.verdict.publish and (audit.curated or audit.replay):\n"
_DONE = "        if watermark >= batch:\n"
_BEGUN = (_WAKE, "    return state is not None and begun(", "    return False and begun(")
_ANY_LEDGER = (
    _FAKES,
    "(standing.next_batch, standing.registration) == (batch, registration)",
    "standing.next_batch == batch",
)
_EXPECTED = "        expected = {WATERMARK: state.properties.get(WATERMARK)}\n"
_APPEND = "                snapshot = catalog.append(table, uris, {WATERMARK: str(batch)}, expected)\n"


RARE = frozenset({"advance-in-another-ledger", "planned-over-lost-ledger"})
"""Bugs that a thousand seeds need not show: the ledger must be lost and made anew between two calls, and
what it then does not know must come again."""


def _bug(name: str, breaks: str, *changes: tuple[str, str, str]) -> Bug:
    return Bug(name, breaks, tuple(Change(*change) for change in changes))


BUGS = (
    # ── admission ────────────────────────────────────────────────────────────────────────────────
    _bug(
        "ack-before-claim",
        "a message is acknowledged whether or not its object is in the ledger",
        (_ADMIT, "    return processor.response()\n", '    return {"batchItemFailures": []}\n'),
    ),
    _bug(
        "dropped-partial-failures",
        "where one message was admitted, those that failed are acknowledged with it",
        (
            _ADMIT,
            "    return processor.response()\n",
            (
                '    failed = processor.response()["batchItemFailures"]\n'
                '    return {"batchItemFailures": failed if len(failed) == len(event["Records"]) else []}\n'
            ),
        ),
    ),
    _bug(
        "claim-not-conditional",
        "an object that comes again is remembered as new",
        (
            _FAKES,
            "return self._placed.setdefault((dataset, landed.fingerprint), new) is new",
            "self._placed[dataset, landed.fingerprint] = new; return True",
        ),
    ),
    _bug(
        "identity-without-version",
        "a re-upload is taken for the object before it",
        (
            "headrace.domain.landed",
            "return hashlib.sha256(self.identity.encode()).hexdigest()",
            "return hashlib.sha256(self.key.encode()).hexdigest()",
        ),
    ),
    _bug(
        "admitted-not-woken",
        "an object is remembered, and its dataset not woken",
        (
            _ADMIT,
            "        ledger.admit(dataset, landed, clock.now())\n        return dataset\n",
            "        ledger.admit(dataset, landed, clock.now())\n        return None\n",
        ),
    ),
    _bug(
        "refused-without-record",
        "an object that no dataset takes is refused and nothing says why",
        (_ADMIT, "    records.create(artefacts, keys.refusal_key(landed), refused)\n", "    _ = refused\n"),
    ),
    # ── batches ──────────────────────────────────────────────────────────────────────────────────
    _bug(
        "manifest-overwritten",
        "whoever plans a batch last says what is in it",
        (
            _PLAN,
            "records.create(artefacts, key, new)",
            "(artefacts.write(key, records.encode(new)), new)[1]",
        ),
    ),
    _bug(
        "manifest-not-read",
        "an attempt plans the batch anew instead of reading its manifest",
        (_PLAN, "    manifest = records.find(artefacts, key, Manifest)\n", "    manifest = None\n"),
        (_PLAN, "records.create(artefacts, key, new)", "(artefacts.write(key, records.encode(new)), new)[1]"),
    ),
    _bug(
        "objects-not-assigned",
        "objects wait on after they were taken",
        (_PLAN, _ASSIGN, ""),
        (_CLOSE, _FINISH, _ONLY_FINISH),
    ),
    _bug(
        "versions-together",
        "two versions of one key are judged in one batch, neither against the other",
        (
            _PLAN,
            "return list({landed.key: landed for landed in reversed(waiting)}.values())[::-1]",
            "return list(waiting)",
        ),
    ),
    _bug(
        "previous-forgotten",
        "a re-upload is not compared with what was loaded from its key",
        (_PLAN, "Entry(landed, before.get(landed.key))", "Entry(landed)"),
    ),
    # ── refine ───────────────────────────────────────────────────────────────────────────────────
    _bug(
        "random-names",
        "the same work goes to other files each time",
        (
            _KEYS,
            '{file_name(contract)}{suffix}.parquet"',
            "{file_name(contract)}{suffix}-{__import__('uuid').uuid4()}.parquet\"",
        ),
    ),
    _bug(
        "latest-instead-of-version",
        "what the key holds now is read, not the version that was announced",
        (_REFINE, "landing.open(landed.key, landed.version_id)", "landing.open(landed.key)"),
    ),
    _bug(
        "rows-in-replies",
        "a function's reply, which histories keep, shows a row",
        (
            _REFINE,
            "    records.create(artefacts, key, report)\n    return UnitRefined(key)\n",
            (
                "    records.create(artefacts, key, report)\n"
                "    return UnitRefined(key + str([landing.read(one.object.key) for one in entries]))\n"
            ),
        ),
    ),
    # ── commit ───────────────────────────────────────────────────────────────────────────────────
    _bug(
        "no-watermark",
        "a table does not know which batches it has",
        (_COMMIT, _DONE, "        if watermark > batch:\n"),
        (_COMMIT, _EXPECTED, "        expected = {}\n"),
    ),
    _bug(
        "lease-trusted",
        "the watermark is looked at and not fenced: two workers both add",
        (_COMMIT, _EXPECTED, "        expected = {}\n"),
    ),
    _bug(
        "commit-without-re-check",
        "a commit is tried again as if nothing had come of the first",
        (
            _COMMIT,
            "            continue  # only the table knows what came of it: read it again\n",
            "            snapshot = catalog.append(table, uris, {WATERMARK: str(batch)}, {})\n",
        ),
    ),
    _bug(
        "lost-answer-is-success",
        "a conflict is taken for our own commit",
        (
            _COMMIT,
            "            continue  # only the table knows what came of it: read it again\n",
            "            return Committed(str(table), 0, rows)\n",
        ),
    ),
    _bug(
        "files-before-watermark",
        "files and watermark are two commits",
        (
            _COMMIT,
            _APPEND,
            (
                "                catalog.append(table, uris, {}, expected)\n"
                "                snapshot = catalog.append(table, (), {WATERMARK: str(batch)}, expected)\n"
            ),
        ),
    ),
    _bug(
        "watermark-before-files",
        "the watermark is set before the files are added",
        (
            _COMMIT,
            _APPEND,
            (
                "                catalog.append(table, (), {WATERMARK: str(batch)}, expected)\n"
                "                snapshot = catalog.append(table, uris, {}, {})\n"
            ),
        ),
    ),
    _bug(
        "one-watermark-for-both",
        "quarantine's watermark is trusted to speak for curated",
        (
            _COMMIT,
            "        state = catalog.state(table)\n",
            '        state = catalog.state(type(table)("quarantine", table.name))\n',
        ),
    ),
    _bug(
        "quarantine-forgotten",
        "rows that break rules are in neither table",
        (
            _COMMIT,
            "quarantine = [file for report in reports for file in report.quarantine]",
            "quarantine = []",
        ),
    ),
    _bug(
        "rejected-batch-published",
        "the verdict rejects, and the rows are published all the same",
        (
            _COMMIT,
            "records.read_committed(artefacts, manifest, verdict)",
            'records.read_reports(artefacts, manifest, lambda _: "")',
        ),
    ),
    _bug(
        "catalog-without-fence",
        "a commit does not look at what it expects",
        (_TABLES, "            if table.properties.get(name) != value:\n", "            if False:\n"),
    ),
    # ── close ────────────────────────────────────────────────────────────────────────────────────
    _bug(
        "advance-before-audit",
        "the ledger moves on before the audit record stands",
        (_CLOSE, _ADVANCE, ""),
        (_CLOSE, _AUDIT, _ADVANCE + _AUDIT),
    ),
    _bug(
        "advance-before-finish",
        "the ledger moves on before the objects have their ends",
        (_CLOSE, _ADVANCE, ""),
        (_CLOSE, _FINISH, _ADVANCE + _FINISH),
    ),
    _bug(
        "audit-not-create-only",
        "a later attempt writes the audit record again, and says it otherwise",
        (
            _CLOSE,
            "return records.create(artefacts, keys.audit_key(dataset, batch), audit), profile",
            "artefacts.write(keys.audit_key(dataset, batch), records.encode(audit)); return audit, profile",
        ),
        (_CLOSE, '"audit": keys', '"closed": audit.closed_at, "audit": keys'),
    ),
    _bug(
        "event-id-not-stable",
        "a repeated event looks like another one",
        (_CLOSE, '"id": f"{audit.dataset}:{audit.batch}"', '"id": f"{audit.dataset}:{id(audit)}"'),
    ),
    _bug(
        "event-only-once",
        "the event is sent with the audit record, and never again",
        (
            _CLOSE,
            _AUDIT,
            "    fresh = records.find(artefacts, keys.audit_key(dataset, manifest.batch), Audit) is None\n"
            + _AUDIT,
        ),
        (_CLOSE, _TELL, _TELL.replace("if ", "if fresh and ")),
    ),
    _bug(
        "event-of-rejected-batch",
        "readers are told of a batch that published nothing",
        (_CLOSE, _TELL, "    if True:\n"),
    ),
    _bug(
        "ledger-before-commit",
        "objects have their ends before their rows are anywhere",
        (
            "tests.simulation.machine",
            '        self._state(self._main, "CommitBatch", commit_batch, CommitBatch(planned.manifest))\n',
            "",
        ),
        (
            _CLOSE,
            "records.read(artefacts, keys.commits_key(dataset, batch), BatchCommitted)",
            "BatchCommitted(())",
        ),
    ),
    # ── leases ───────────────────────────────────────────────────────────────────────────────────
    _bug(
        "release-without-looking",
        "what came in while the lease was held waits for ever",
        (_WAKE, "    if waits(dataset, ledger=ledger, artefacts=artefacts):\n", "    if False:\n"),
    ),
    _bug(
        "attempts-not-counted",
        "the next attempt has the name of the one that failed",
        (_FAKES, "        attempt = standing.attempt + 1\n", "        attempt = 1\n"),
        (
            _FAKES,
            "        return name not in self.stopped\n\n    def known",
            "        return True\n\n    def known",
        ),
    ),
    _bug(
        "failed-execution-forgotten",
        "a lease whose execution failed is left to it",
        (
            _RECONCILE,
            "    if executions.running(state.lease.execution):\n",
            "    if state.lease.execution:\n",
        ),
    ),
    _bug(
        "open-batch-forgotten",
        "a batch that is begun, and whose lease is gone, is nobody's",
        _BEGUN,
    ),
    # ── what was lost ────────────────────────────────────────────────────────────────────────────
    _bug(
        "reconcile-skips-old-versions",
        "a version that was overwritten before it was announced is never found",
        (_SEARCH, "run.look(part.versions)", "run.look([one for one in part.versions if one.newest])"),
    ),
    _bug(
        "unreadable-object-stops-batch",
        "one object that cannot be read holds back its neighbours",
        (_REFINE, '        return _Fetched("", Refusal("unreadable", str(error)))\n', "        raise\n"),
    ),
    _bug(
        "deadly-object-not-isolated",
        "an object that ends the process stops its dataset",
        (_REFINE, "if before == isolation.ENOUGH else []", "if False else []"),
    ),
    _bug(
        "batch-not-learnt",
        "a ledger that was put back does not learn what a standing manifest took",
        (_PLAN, "        _learn(manifest, ledger, clock)\n", "        pass\n"),
        (_CLOSE, _FINISH, _ONLY_FINISH),
    ),
    _bug(
        "batch-not-settled",
        "a batch is closed over a ledger that was put back meanwhile and knows nothing of it",
        (_CLOSE, _FINISH, _ONLY_FINISH),
        _ANY_LEDGER,
    ),
    _bug(
        "advance-in-another-ledger",
        "a ledger that is made anew while a batch is closed is taken beyond it and knows nothing of it",
        _ANY_LEDGER,
    ),
    _bug(
        "lost-objects-not-restored",
        "what a batch took is admitted again because the ledger lost it",
        (_SEARCH, "        restored = restore(\n", "        restored = set() and restore(\n"),
    ),
    _bug(
        "recall-swallows-event",
        "a batch that is just being closed is passed over, and its event never sent",
        (_RECALL, "if audit is None or not begun(dataset, batch + 1, artefacts):", "if audit is None:"),
    ),
    _bug(
        "planned-over-lost-ledger",
        "a ledger that is lost while a batch is planned says that nothing was loaded before",
        (_PLAN, "    if new and ledger.dataset(dataset) != state:\n", "    if False:\n"),
    ),
    # ── replay ───────────────────────────────────────────────────────────────────────────────────
    _bug(
        "replay-appends",
        "replayed rows are added, and the old ones stay",
        (_COMMIT, "            if gone:\n", "            if False:\n"),
    ),
    _bug(
        "replay-not-amended",
        "the ledger keeps the ends that objects had before their replay",
        (_CLOSE, "        ledger.amend(dataset, manifest.batch, amended)\n", "        pass\n"),
    ),
    _bug(
        "replay-renumbers",
        "replayed rows say that they are of the replay's batch",
        (_REFINE, "one.content, entry.batch, rows", "one.content, 0, rows"),
    ),
)
