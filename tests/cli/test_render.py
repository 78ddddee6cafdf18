"""Text and figures for people."""

from datetime import UTC, datetime, timedelta

import pytest

from headrace_cli import render

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_text_from_outside_has_no_power_over_the_terminal() -> None:
    assert render.plain("a\x1b]0;title\x07\nb\tc\x9bd é") == r"a\x1b]0;title\x07\nb\tc\x9bd é"


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1_234_567, "1.2 MB"), (5 * 10**15, "5000.0 TB")],
)
def test_sizes_have_units(count: int, said: str) -> None:
    assert render.size(count) == said


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(seconds=40), "40 s"),
        (timedelta(seconds=119), "119 s"),
        (timedelta(minutes=12), "12 min"),
        (timedelta(hours=47), "47 h"),
        (timedelta(days=9), "9 d"),
        (timedelta(seconds=-3), "0 s"),
    ],
)
def test_ages_have_one_unit(ago: timedelta, said: str) -> None:
    assert render.age(NOW - ago, NOW) == said


def test_a_cell_is_data_whatever_it_holds(capsys: pytest.CaptureFixture[str]) -> None:
    render.table(("name",), [("[bold]x[/bold]",), ("{:>9}",), ("two\nlines",)])
    rows = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert rows[-3:] == ["[bold]x[/bold]", "{:>9}", r"two\nlines"]


def test_no_cell_is_cut_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    render.table(("name",), [("x" * 5000,)])
    assert "x" * 5000 in capsys.readouterr().out
