"""A tree with DuckDB's meaning in the words of Spark and Trino, without either of them at hand."""

import pytest
from sqlglot import exp

from headrace.domain.errors import EngineFault
from headrace.engines.java_regex import java_regex
from headrace.engines.spark.dialect import spark_sql
from headrace.engines.sql import array, call, column, extended, named, number, struct, text
from headrace.engines.translate import BIGINT, BOOLEAN, DOUBLE, TEXT, TIMESTAMPTZ, Translation
from headrace.engines.trino.dialect import to_trino, trino_sql

ROWS = exp.select(exp.Star()).from_("texts")
COLUMNS = {"t": TEXT, "n": BIGINT, "d": DOUBLE, "m": TIMESTAMPTZ}


def in_spark(tree: exp.Expr) -> str:
    return spark_sql(tree, COLUMNS)


def in_trino(tree: exp.Expr) -> str:
    return trino_sql(to_trino(COLUMNS)(tree)).replace('"', "")


def cast(name: str, kind: str) -> exp.Expr:
    return exp.cast(column(name), kind)


@pytest.mark.parametrize("words", [in_spark, in_trino])
def test_what_has_no_translation_is_refused_by_name(words: object) -> None:
    assert callable(words)
    with pytest.raises(EngineFault, match="no translation of LEVENSHTEIN for"):
        words(call("LEVENSHTEIN", column("t"), column("t")))
    with pytest.raises(EngineFault, match="no translation of Div for"):
        words(exp.Div(this=column("n"), expression=number(2)))


def test_texts_of_values_are_written_as_duckdb_writes_them() -> None:
    assert in_spark(cast("n", "TEXT")) == "CAST(`n` AS STRING)"
    assert in_spark(cast("d", "TEXT")) == "HEADRACE_DOUBLE_TEXT(`d`)"
    assert in_spark(cast("m", "TEXT")) == "(CAST(`m` AS STRING) || '+00')"


def test_trino_refuses_the_text_of_a_double() -> None:
    with pytest.raises(EngineFault, match="doubles"):
        in_trino(cast("d", "TEXT"))


def test_types_are_followed_through_layers_lists_and_rows() -> None:
    listed = array([struct([("a", column("d"))])])
    item = exp.to_identifier("x")
    inner = exp.cast(exp.StructExtract(this=exp.column("x"), expression=text("a")), "TEXT")
    transformed = exp.Transform(this=column("l"), expression=exp.Lambda(this=inner, expressions=[item]))
    rows = extended(ROWS.copy(), [("l", listed)])
    select = exp.select(named(transformed, "w")).from_(rows.subquery("rows"))
    assert "TRANSFORM(`l`, x -> HEADRACE_DOUBLE_TEXT(x.a))" in in_spark(select)


def test_what_is_not_known_has_no_type() -> None:
    to = Translation("nowhere", {}, {}, COLUMNS)
    assert to.kind(column("nothing")) is None
    assert to.kind(struct([("a", column("nothing"))])) is None
    assert to.kind(exp.EQ(this=column("n"), expression=number(1))) == BOOLEAN


def test_values_are_quoted_in_both() -> None:
    value = text("it's\\n`\"\n")
    assert in_spark(value) == "'it\\'s\\\\n`\"\\n'"
    assert trino_sql(to_trino({})(value)) == "'it''s\\n`\"\n'"


@pytest.mark.parametrize(
    ("re2", "java"),
    [
        (r"\d+", "[0-9]+"),
        (r"\s", r"[\x09-\x0A\x0C-\x0D ]"),
        (r"a.$", r"a[^\x0A]\z"),
        (r"(?s).", r"[\s\S]"),
        (r"^[^,;]*?", r"\A[^\,\;]*?"),
        (r"(?i)k(?:s)", "[Kk\u212a](?:[Ss\u017f])"),
        (r"(?P<year_of>\d{4})-(?i:x)x", r"(?:[0-9]{4})\-(?:[Xx])x"),
        (r"\x{e9}\x41\v", r"éA\x0B"),
        (r"[]a-c[:digit:]]", r"[0-9\]a-c]"),
        (r"\bé|\p{Lu}{0}", None),
    ],
)
def test_expressions_for_java_say_all_that_re2_means(re2: str, java: str | None) -> None:
    assert java_regex(re2) == java or java is None
