"""The patterns of a contract: what is let through, the engine takes, and reads as the contract means it."""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.domain.contract.patterns import check_regex, strptime_format
from headrace.domain.contract.rules import TEXT_FORMATS

ATOMS = [
    *"aZ0é.^$|()?*+-:]",
    "\\d",
    "\\W",
    "\\.",
    "\\b",
    "\\pL",
    "\\p{Lu}",
    "\\x{41}",
    "(?:",
    "(?P<n>",
    "(?i)",
]
SETS = [
    "[a-z]",
    "[^]a]",
    "[[:alpha:]]",
    "[z-a]",
    "[a-\\d]",
    "[\\d-a]",
    "[",
    "[]",
    "{2}",
    "{3,2}",
    "{,3}",
    "{0,90}",
]


def engine_takes(regex: str) -> bool:
    try:
        duckdb.execute("SELECT regexp_full_match('a', ?)", [regex]).fetchall()
    except duckdb.Error:
        return False
    return True


def lets_through(regex: str) -> bool:
    try:
        check_regex(regex)
    except ValueError:
        return False
    return True


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.lists(st.sampled_from(ATOMS + SETS), max_size=8).map("".join))
def test_what_is_let_through_the_engine_takes(regex: str) -> None:
    assert engine_takes(regex) or not lets_through(regex)


@pytest.mark.parametrize(
    "regex",
    [
        "",
        "[A-Z]{2}",
        r"\d{4}-\d{2}-\d{2}",
        r"[^@\s]+@[^@\s]+\.[^@\s]+",
        "(?:a|b)*c??",
        r"(?P<year>\d{4})(-\d\d){0,2}",
        r"(?i)yes|no",
        r"\p{L}[\p{L}\p{M}' -]{0,99}",
        "[[:alnum:]_]+",
        r"[\[\]a-]",
        "[]a]",
        "x]",
        "((a{10}){10}){10}",
        *TEXT_FORMATS.values(),
    ],
)
def test_everyday_expressions_are_let_through(regex: str) -> None:
    assert lets_through(regex)
    assert engine_takes(regex)


@pytest.mark.parametrize(
    "regex",
    [
        "a(?=b)",
        "(?!a)b",
        "(?<=a)b",
        "(?<!a)b",
        r"(a)\1",
        r"(?P<n>a)(?P=n)",
        "a++",
        "(?>a)",
        "a**",
        "*a",
        "(a",
        "a)",
        "[a",
        "[]",
        "[z-a]",
        r"\Z",
        r"\u0041",
        "a{1001}",
        "a{2,1}",
        "(a{100}){11}",
        r"\pL{1000}",
        r"\p{Xx}",
        "[[:foo:]]",
        "a" * 1001,
    ],
)
def test_what_the_engine_would_refuse_is_refused_first(regex: str) -> None:
    assert not lets_through(regex)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("email", "ann@example.org", "ann at example.org"),
        ("email", "a.b+c@x-y.co.uk", "ann@example"),
        ("ipv4", "255.0.10.199", "256.0.10.199"),
        ("ipv4", "1.2.3.4", "1.2.3"),
        ("uri", "https://example.org/a?b=ü#c", "example.org"),
        ("uri", "urn:isbn:0451450523", "http://a b"),
        ("uuid", "293ba626-3be5-4a26-ab1b-0f4c54f49959", "293ba6263be54a26ab1b0f4c54f49959"),
    ],
)
def test_text_formats_tell_good_from_bad(name: str, good: str, bad: str) -> None:
    matches = duckdb.execute(
        "SELECT regexp_full_match(?, ?), regexp_full_match(?, ?)",
        [good, TEXT_FORMATS[name], bad, TEXT_FORMATS[name]],
    ).fetchone()
    assert matches == (True, False)


@pytest.mark.parametrize(
    ("pattern", "written", "moment"),
    [
        ("yyyy-MM-dd", "2024-02-29", "2024-02-29 00:00:00"),
        ("M/d/yyyy", "3/8/1971", "1971-03-08 00:00:00"),
        ("M/d/yyyy", "12/31/1971", "1971-12-31 00:00:00"),
        ("dd.MM.yy HH:mm", "01.02.24 23:59", "2024-02-01 23:59:00"),
        ("yyyy-MM-dd'T'HH:mm:ss'Z'", "2016-02-03T07:55:29Z", "2016-02-03 07:55:29"),
        ("d MMM uuuu, h:mm a", "7 Feb 2024, 1:05 PM", "2024-02-07 13:05:00"),
        ("EEEE d MMMM yyyy", "Thursday 29 February 2024", "2024-02-29 00:00:00"),
        ("yyyy-DDD", "2024-060", "2024-02-29 00:00:00"),
        ("yyyyMMddHHmmssSSSSSS", "20240229010203000004", "2024-02-29 01:02:03.000004"),
        ("yyyy-MM-dd HH:mm:ss.SSS", "2024-02-29 01:02:03.250", "2024-02-29 01:02:03.25"),
        ("yyyy 'o''clock' ''", "2024 o'clock '", "2024-01-01 00:00:00"),
    ],
)
def test_a_date_pattern_reads_what_it_describes(pattern: str, written: str, moment: str) -> None:
    read = duckdb.execute(
        "SELECT CAST(try_strptime(?, ?) AS VARCHAR)", [written, strptime_format(pattern)]
    ).fetchone()
    assert read == (moment,)


@pytest.mark.parametrize("pattern", ["yyyy-MM-dd'T'HH:mm:ssXXX", "yyyy-MM-dd'T'HH:mm:ssZ"])
def test_an_offset_in_a_date_pattern_is_applied(pattern: str) -> None:
    offset = "+02:00" if pattern.endswith("XXX") else "+0200"
    read = duckdb.execute(
        "SELECT epoch(try_strptime(?, ?))", [f"1970-01-01T02:00:10{offset}", strptime_format(pattern)]
    ).fetchone()
    assert read == (10,)


@pytest.mark.parametrize(
    "pattern", ["YYYY-MM-DD", "%Y-%m-%d", "HH:mm", "yyyy hh", "yyyy a", "yyyy [MM]", "yyyy '", ""]
)
def test_a_date_pattern_that_would_be_misread_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"write|use|are JDK patterns"):
        strptime_format(pattern)
