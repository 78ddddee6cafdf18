"""Refines objects on Spark: reads each in a task of its own, then splits every row as Spark SQL."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StringType
from sqlglot import exp

from headrace.domain.errors import EngineFault
from headrace.domain.machine import Machine
from headrace.domain.plan import Key, Plan
from headrace.domain.tables import published_type
from headrace.engines.duckdb.read.reading import PLACES, Reason, Source
from headrace.engines.duckdb.rows.masks import Masks, check_masks, excerpt
from headrace.engines.duckdb.rows.render import key_value, reason, refined, work_columns
from headrace.engines.spark.dialect import DOUBLE_TEXT, spark_schema, spark_sql
from headrace.engines.spark.read import reader
from headrace.engines.sql import (
    E,
    all_of,
    array,
    call,
    case,
    column,
    extended,
    is_not_null,
    is_null,
    named,
    number,
    text,
)
from headrace.engines.texts import TEXTS, text_columns, texts_reading

_CONF = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
}
_JUDGED = "judged"
_FROM_TEXTS = ("identity", "refusal", "problem")


@dataclass(frozen=True)
class Refined:
    """Both sides of the split, with the columns of the dataset's two tables, in no particular order.

    Each is computed from `judged` when it is taken: persist that where both are.
    """

    curated: DataFrame
    quarantine: DataFrame
    judged: DataFrame


def refine(
    spark: SparkSession,
    plan: Plan,
    *,
    batch: int,
    sources: Sequence[Source],
    masking_key: bytes,
    token_key: bytes = b"",
    rejection: tuple[Reason, ...] = (),
    machine: Machine,
) -> Refined:
    """Refine the sources under the plan, as `headrace.engines.duckdb.refine` does: the same rows on the same
    side for the same reasons.

    The sources' files must lie where every executor finds them. `machine` is what one task may use to read
    an object. The frames belong to a session of their own, in UTC and ANSI mode. Raises EngineFault for a
    source that another batch took first, or of which only some rows are asked for: replays run on DuckDB.
    """
    if any(one.batch or one.rows is not None for one in sources):
        raise EngineFault("Spark refines whole objects of the one batch: replay them in refine_unit")
    masks = Masks(masking_key, token_key)
    check_masks(plan, masks)
    session = spark.newSession()
    for name, value in _CONF.items():
        session.conf.set(name, value)
    session.udf.register(DOUBLE_TEXT, _double_text, StringType())
    ordered = sorted(sources, key=lambda source: source.index)
    columns = text_columns(plan)
    texts = session.range(0, len(ordered), 1, max(len(ordered), 1))
    texts.mapInArrow(reader(plan, ordered, masks, machine), spark_schema(columns)).createTempView(TEXTS)
    secrets = {name: bytearray(key) for name, key in masks.secrets.items()}
    judged = session.sql(spark_sql(_judged(plan), columns), secrets)
    judged.createTempView(_JUDGED)
    kinds = {**columns, **dict(work_columns(plan))}
    curated, quarantine = (session.sql(spark_sql(side, kinds)) for side in _sides(plan, batch, rejection))
    return Refined(curated, quarantine, judged)


def _double_text(value: float | None) -> str | None:
    return None if value is None else repr(value)


def _judged(plan: Plan) -> exp.Select:
    """Every row with its values, its reasons and its raw text."""
    reading = texts_reading(plan, exp.select(exp.Star()).from_(TEXTS))
    rows = refined(plan, reading, reading.rows, all_raw=True)
    rows = rows.select(*map(column, _FROM_TEXTS), append=True, copy=False)
    for at, key in enumerate(plan.keys):
        rows = _without_repeats(plan, key, at, rows)
    return rows


def _without_repeats(plan: Plan, key: Key, at: int, rows: exp.Select) -> exp.Select:
    """Give every row but the first of each value a reason. A row that is in quarantine already, for
    another rule or an earlier key, is nobody's first."""
    parts = [(index, one) for index, one in enumerate(plan.columns) if one.name in key.columns]
    values = [column(key_value(plan, index)) for index, _ in parts]
    place = exp.Add(
        this=exp.Mul(this=exp.cast(column("entry"), "BIGINT"), expression=number(PLACES)),
        expression=column("place"),
    )
    present = all_of(*map(is_not_null, values))
    first = exp.Window(
        this=exp.Min(this=case((all_of(present, is_null(column("reasons"))), place))), partition_by=values
    )
    shown = [
        excerpt(one.mask, one.type, exp.cast(value, "TEXT"))
        for (_, one), value in zip(parts, values, strict=True)
    ]
    excerpts = exp.ConcatWs(expressions=[text(", "), *shown], coalesce=True)
    repeats = reason(text(", ".join(key.columns)), text(key.rule), excerpts)
    later = all_of(present, exp.GT(this=place, expression=column(f"first{at}")))
    reasons = case((later, call("LIST_APPEND", column("reasons"), repeats)), default=column("reasons"))
    kept = [column(name) for name in _carried(plan) if name != "reasons"]
    numbered = extended(rows, [(f"first{at}", first)]).subquery("rows", copy=False)
    return exp.select(*kept, named(reasons, "reasons"), copy=False).from_(numbered, copy=False)


def _carried(plan: Plan) -> list[str]:
    return [*(name for name, _ in work_columns(plan)), *_FROM_TEXTS]


def _sides(plan: Plan, batch: int, rejection: tuple[Reason, ...]) -> tuple[exp.Select, exp.Select]:
    """What the two tables get of the judged rows."""
    refused = array([reason(text(""), column("refusal"), column("problem"))])
    reasons: E = case((is_not_null(column("refusal")), refused), default=column("reasons"))
    if rejection:
        more = array(reason(text(one.column), text(one.rule), text(one.value_excerpt)) for one in rejection)
        reasons = call("LIST_CONCAT", reasons, more)
    published = ((i, one.name) for i, one in enumerate(plan.columns) if published_type(one) is not None)
    outputs = {name: column(f"o{i}") for i, name in published}
    provenance = {
        "_object": column("identity"),
        "_row": column("place"),
        "_batch": exp.cast(number(batch), "BIGINT"),
        "_contract": text(plan.contract),
    }
    curated = _select({**outputs, **provenance, "_rescued": column("rescued")})
    quarantine = _select({**provenance, "_raw": column("raw"), "_reasons": reasons})
    if rejection:
        return curated.where(exp.false()), quarantine
    return curated.where(is_null(column("reasons"))), quarantine.where(is_not_null(column("reasons")))


def _select(outputs: dict[str, E]) -> exp.Select:
    select = exp.select(*(named(value, name) for name, value in outputs.items()), copy=False)
    return select.from_(_JUDGED, copy=False)
