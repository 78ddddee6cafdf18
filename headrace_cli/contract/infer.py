"""Drafts a contract from sample files, and proves the draft on them before anybody reads it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct
from msgspec.structs import replace

from headrace.domain.contract.compile import compile_contract
from headrace.domain.dataset import DatasetId
from headrace.domain.errors import UnreadableObject
from headrace.domain.formats import Format
from headrace.domain.infer.draft import Draft, written
from headrace.domain.infer.guess import Sampled, guess_columns, spelled_nulls, weakened
from headrace.domain.infer.naming import dataset_name, domain_name
from headrace.domain.infer.seen import Seen
from headrace.domain.plan import Plan
from headrace.engines.duckdb import Source
from headrace.engines.duckdb.infer.samples import Sample, observe, take_samples
from headrace_cli.contract.check import SUFFIX
from headrace_cli.contract.rehearsal import MACHINE, refined_here
from headrace_cli.failures import ExitCode, Failure
from headrace_cli.render import many

_MOST_ATTEMPTS = 8
_ENOUGH_ROWS = 500_000
"""Rows after which no further file is read."""


def dataset_of(files: Sequence[Path], output: Path | None, domain: str | None, name: str | None) -> DatasetId:
    """What to call the dataset: as told, as the contract's file is called, or as the samples are.

    Raises InvalidRequest for what names no dataset.
    """
    if output is not None and output.name.endswith(SUFFIX):
        domain, name = domain or output.absolute().parent.name, name or output.name.removesuffix(SUFFIX)
    stems = [file.name.partition(".")[0] for file in files]
    domain = domain or domain_name(files[0].absolute().parent.name)
    return DatasetId.parse(f"{domain}/{name or dataset_name(stems)}")


def infer(files: Sequence[Path], dataset: DatasetId) -> str:
    """The text of a contract under which each sampled row of these files is curated.

    Raises UnreadableObject for a file that no reader takes, Failure where files differ too much.
    """
    with TemporaryDirectory(prefix="headrace-") as directory:
        workdir = Path(directory)
        record = Seen()
        sampled: list[_SampledFile] = []
        for file in files:
            if record.objects < _ENOUGH_ROWS:
                sampled.append(_observed(file, len(sampled), record, workdir))
        if not record.objects or not any(record.members):
            raise UnreadableObject(f"{', '.join(map(str, files))}: there is no row with a field to go by")
        samples = [one for file in sampled for one in file.samples]
        whole = len(sampled) == len(files) and all(one.whole for one in samples)
        facts = Sampled(record.objects, whole, all(one.typed for one in samples))
        nulls = _forgotten_nulls(record, samples, typed=facts.typed)
        columns = guess_columns(record, facts)
        draft = Draft(dataset, _formats(sampled, nulls), columns, tuple(_remarks(sampled, files, dataset)))
        return _proven(draft, samples, nulls, workdir)


class _SampledFile(Struct, frozen=True):
    """A file with its samples, several of an archive, and their rows: those that can be read, and not."""

    file: Path
    samples: list[Sample]
    rows: int
    broken: int


def _observed(file: Path, index: int, record: Seen, workdir: Path) -> _SampledFile:
    try:
        samples = take_samples(file, index, workdir, MACHINE)
        counts = [observe(one, record, workdir, MACHINE) for one in samples]
    except UnreadableObject as error:
        raise UnreadableObject(f"{file}: {error}") from error
    return _SampledFile(file, samples, sum(rows for rows, _ in counts), sum(broken for _, broken in counts))


def _formats(sampled: Sequence[_SampledFile], nulls: tuple[str, ...]) -> tuple[Format, ...]:
    """One format of each kind. Raises Failure where two files of one kind are written differently."""
    formats: dict[type[Format], tuple[Format, Path]] = {}
    for one in sampled:
        landed = one.samples[0].landed
        known, first = formats.setdefault(type(landed), (landed, one.file))
        if known != landed:
            raise Failure(
                ExitCode.USAGE,
                f"{first} and {one.file} are not written alike:\n  {known}\n  {landed}\n"
                "One contract reads files of one kind in one way: infer them apart.",
            )
    return tuple(_with_nulls(one, nulls) for one, _ in formats.values())


def _forgotten_nulls(record: Seen, samples: Sequence[Sample], *, typed: bool) -> tuple[str, ...]:
    """The texts that mean no value, not counted as values any more; formats such as JSON know none."""
    if not all(hasattr(one.landed, "nulls") for one in samples):
        return ()
    nulls = spelled_nulls(record, typed=typed)
    for seen in record.members.values():
        seen.forget(nulls)
    return nulls


def _with_nulls(one: Format, nulls: tuple[str, ...]) -> Format:
    if not nulls or not hasattr(one, "nulls"):
        return one
    return replace(one, nulls=tuple(dict.fromkeys((*one.nulls, *nulls))))


def _remarks(sampled: Sequence[_SampledFile], files: Sequence[Path], dataset: DatasetId) -> Iterator[str]:
    rows, broken = sum(one.rows for one in sampled), sum(one.broken for one in sampled)
    cut = [one.file.name for one in sampled if not all(sample.whole for sample in one.samples)]
    names = [one.file.name for one in sampled]
    named = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    yield f"Drafted by `headrace contract infer` from {many(rows, 'row')} of {named}."
    if len(sampled) < len(files):
        yield f"{many(len(files) - len(sampled), 'more file')} were not read: these rows are enough."
    if cut:
        yield f"Of {', '.join(cut)} only the beginning was read: what comes later may differ."
    if broken:
        yield f"{many(broken, 'record')} could not be read, and will be quarantined."
    if any(getattr(one.samples[0].landed, "header", True) is False for one in sampled):
        yield "The files have no header line: columns stand in their order, without names."
    yield "Each comment tells what a guess rests on. Mend what is wrong, say what the data is for, then:"
    yield f"  headrace contract try FILE --contract contracts/{dataset}{SUFFIX}"
    yield f"  headrace register contracts/{dataset}{SUFFIX}"


def _proven(draft: Draft, samples: Sequence[Sample], nulls: tuple[str, ...], workdir: Path) -> str:
    """The draft without what its own samples break: some rule that looked evident, and is not."""
    path = f"contracts/{draft.dataset}{SUFFIX}"
    alike: dict[Format, dict[int, Source]] = {}
    for source, format_ in (one.proof for one in samples):
        alike.setdefault(_with_nulls(format_, nulls), {})[source.index] = source
    for attempt in range(_MOST_ATTEMPTS):
        text = written(draft)
        plan = compile_contract(path, text).compiled
        assert isinstance(plan, Plan)  # noqa: S101 - a draft has no SQL
        broken: dict[str, set[str]] = {}
        for at, (format_, sources) in enumerate(alike.items()):
            place = workdir / f"proof-{attempt}-{at}"
            place.mkdir()
            _add_broken(broken, replace(plan, formats=(format_,)), list(sources.values()), place)
        if not broken:
            return text
        draft = replace(draft, columns=weakened(draft.columns, broken))
    raise Failure(
        ExitCode.BUG, f"no contract was found that takes these rows; what breaks: {', '.join(sorted(broken))}"
    )


def _add_broken(broken: dict[str, set[str]], plan: Plan, sources: Sequence[Source], workdir: Path) -> None:
    """Add the rules that rows break, by column; a record that cannot be read says nothing of columns."""
    refined = refined_here(plan, sources, workdir)
    for one in refined.objects:
        if one.refusal:
            raise UnreadableObject(one.refusal.message)
    for reason in refined.reasons:
        if reason.column:
            broken.setdefault(reason.column, set()).add(reason.rule)


def check_files(files: Sequence[Path]) -> None:
    """Raises Failure where one of the files is none."""
    for file in files:
        if not file.is_file():
            what = "is a folder; name the files in it" if file.is_dir() else "is not there"
            raise Failure(ExitCode.USAGE, f"{file} {what}")


def check_target(target: Path, *, force: bool) -> None:
    """Raises Failure for a path that no contract may be written to."""
    if not target.name.endswith(SUFFIX):
        raise Failure(ExitCode.USAGE, f"{target} is no contract's name: they end in {SUFFIX}")
    if target.exists() and not force:
        raise Failure(
            ExitCode.USAGE, f"{target} is there already; --force writes over it, --output - shows the draft"
        )
