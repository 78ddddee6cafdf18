"""Guesses from values: types, names, keys and rules, and the words that explain them."""

from collections.abc import Sequence
from typing import Any

import pytest

from headrace.domain.infer.forms import form_of, number_form
from headrace.domain.infer.guess import Guess, Sampled, guess_columns, spelled_nulls, weakened
from headrace.domain.infer.naming import dataset_name, domain_name, free_name
from headrace.domain.infer.seen import Number, Seen


def seen(rows: Sequence[Any]) -> Seen:
    record = Seen()
    for row in rows:
        record.add(row)
    return record


def guesses(rows: Sequence[Any], *, typed: bool = True, whole: bool = True) -> dict[str, Guess]:
    return {one.name: one for one in guess_columns(seen(rows), Sampled(len(rows), whole, typed))}


def column(values: Sequence[Any], name: str = "v", *, typed: bool = False) -> Guess:
    return guesses([{name: value} for value in values], typed=typed)[name]


@pytest.mark.parametrize(
    ("texts", "logical", "physical"),
    [
        (["1", "-20", "+3", "0"], "integer", ""),
        (["9223372036854775807"], "string", ""),  # 19 digits are rather a number of something
        (["007", "12"], "string", ""),
        (["1", "2.5"], "number", ""),
        (["1e5", "2"], "number", ""),
        ([f"{n}.50" for n in range(20)], "number", "decimal(18,2)"),
        ([f"{n}.5" for n in range(19)], "number", ""),
        (["true", "FALSE"], "boolean", ""),
        (["Yes", "no"], "boolean", ""),
        (["y"], "string", ""),
        (["0", "1"], "integer", ""),
        (["2024-02-29"], "date", ""),
        (["2024-02-29T12:00:00Z", "2024-02-29 12:00"], "timestamp", ""),
        (["12:30", "23:59:59.5"], "time", ""),
        (["2024-13-01"], "string", ""),
        (["1", "x"], "string", ""),
        ([], "string", ""),
    ],
)
def test_texts_are_read_as_the_narrowest_type_that_takes_them_all(
    texts: list[str], logical: str, physical: str
) -> None:
    form = form_of(texts, "v")
    assert (form.logical, form.physical) == (logical, physical)


@pytest.mark.parametrize(
    ("name", "texts", "logical"),
    [
        ("zip", ["10115", "20095"], "string"),
        ("phone_number", ["491701234567"], "string"),
        ("is_open", ["0", "1"], "boolean"),
        ("has_pool", ["y"], "boolean"),
        ("placed_on", ["20240131"], "date"),
        ("serial", ["20240131"], "integer"),
        ("price", ["1.5", "2"], "number"),
    ],
)
def test_a_columns_name_decides_where_values_alone_do_not(name: str, texts: list[str], logical: str) -> None:
    assert form_of(texts, name).logical == logical


def test_money_is_exact() -> None:
    assert form_of(["1.5", "2"], "unit_price").physical == "decimal(18,2)"


@pytest.mark.parametrize(
    ("spelled", "true", "false"), [(["Ja", "nein"], "ja", "nein"), (["on", "off", "ON"], "on", "off")]
)
def test_booleans_in_other_words_bring_their_spellings(spelled: list[str], true: str, false: str) -> None:
    form = form_of(spelled, "v")
    assert (form.logical, form.true, form.false) == ("boolean", true, false)


@pytest.mark.parametrize(
    ("texts", "logical", "pattern"),
    [
        (["13/1/2024", "2/3/2024"], "date", "d/M/yyyy"),
        (["1/13/2024", "3/2/2024"], "date", "M/d/yyyy"),
        (["31.12.2024", "01.02.2024"], "date", "dd.MM.yyyy"),
        (["31-Dec-2024"], "date", "dd-MMM-yyyy"),
        (["December 31, 2024", "May 1, 2024"], "date", "MMMM d, yyyy"),
        (["2024/1/31"], "date", "yyyy/M/dd"),
        (["31/12/24"], "date", "dd/MM/yy"),
        (["31.12.2024 23:59"], "timestamp", "dd.MM.yyyy HH:mm"),
        (["12/31/2024 11:59:01 PM"], "timestamp", "MM/dd/yyyy hh:mm:ss a"),
        (["31/12/2024 23:59:59.123"], "timestamp", "dd/MM/yyyy HH:mm:ss.SSSSSS"),
        (["31/12/2024T23:59:59+01:00"], "timestamp", "dd/MM/yyyy'T'HH:mm:ssXXX"),
    ],
)
def test_days_and_moments_have_the_one_format_that_all_values_have(
    texts: list[str], logical: str, pattern: str
) -> None:
    form = form_of(texts, "v")
    assert (form.logical, form.options.get("format")) == (logical, pattern)


def test_a_format_that_excludes_the_other_order_says_what_shows_it() -> None:
    assert "it cannot be M/d/yyyy" in form_of(["13/1/2024", "2/3/2024"], "v").why


def test_of_two_orders_the_one_with_more_days_than_months_is_taken_and_the_doubt_is_told() -> None:
    form = form_of([f"{day}/{month}/2024" for day in range(1, 13) for month in (1, 2)], "v")
    assert form.options["format"] == "d/M/yyyy"
    assert "CHECK THIS: M/d/yyyy fits all values as well" in form.why


@pytest.mark.parametrize(
    ("literals", "logical", "physical"),
    [
        (["1", "2"], "integer", ""),
        (["1.0"], "number", ""),
        (["123456789012345678"], "integer", ""),
        (["9223372036854775808"], "number", "decimal(38,0)"),
        (["1" * 40], "number", ""),
        (["1E400"], "number", ""),
    ],
)
def test_numbers_of_json_are_never_taken_for_labels(literals: list[str], logical: str, physical: str) -> None:
    form = number_form(literals, "phone")
    assert (form.logical, form.physical) == (logical, physical)


def test_json_texts_stay_texts_but_for_days_and_moments() -> None:
    row = {"code": "12", "flag": "true", "day": "2024-01-31", "at": "2024-01-31T00:00:00Z"}
    assert {name: one.form.logical for name, one in guesses([row, row]).items()} == {
        "code": "string",
        "flag": "string",
        "day": "date",
        "at": "timestamp",
    }


def test_what_every_row_has_is_required_and_what_one_lacks_is_not() -> None:
    found = guesses([{"a": "x", "b": "y"}, {"a": "z", "b": None}, {"a": "z"}])
    assert (found["a"].required, found["b"].required) == (True, False)
    assert found["b"].remark.startswith("in 1 of 3 rows")


def test_the_key_is_called_like_one_and_differs_in_every_row() -> None:
    rows = [{"code": f"c{n}", "id": Number(n), "name": f"n{n}", "size_no": "x"} for n in range(5)]
    found = guesses(rows)
    assert [name for name, one in found.items() if one.primary] == ["id"]
    assert [name for name, one in found.items() if one.unique] == ["code"]


def test_one_row_shows_no_key() -> None:
    assert not guesses([{"id": Number(1)}])["id"].primary


def test_few_words_that_come_often_are_a_list_and_rare_or_cut_ones_are_not() -> None:
    often = ["red", "blue"] * 60
    assert column(often).enum == ("blue", "red")
    assert column(often[:40]).enum == ()
    assert column([*often, "green"]).enum == ()
    assert column(["v1", "v2"] * 60).enum == ()
    assert guesses([{"v": value} for value in often], whole=False)["v"].enum == ()


def test_texts_of_one_evident_form_are_held_to_it() -> None:
    uuids = [f"00000000-0000-4000-8000-{n:012d}" for n in range(10)]
    assert column(uuids).form.options == {"format": "uuid"}
    assert column(uuids[:9]).form.options == {}
    assert column([*uuids, "x"]).form.options == {}


def test_bounds_are_told_but_not_imposed_except_on_coordinates() -> None:
    found = guesses(
        [{"lat": Number("-12.5"), "depth": Number("3.5")}, {"lat": Number("80.1"), "depth": Number(0)}]
    )
    assert found["lat"].form.options == {"minimum": -90, "maximum": 90}
    assert found["depth"].form.options == {}
    assert "numbers from 0 to 3.5" in found["depth"].remark


def test_what_looks_personal_is_masked_and_its_remark_tells_no_value() -> None:
    found = column([f"ann{n}@example.org" for n in range(50)], "contact")
    assert found.mask == "hash"
    assert "PERSONAL?" in found.remark
    assert "@" not in found.remark


def test_objects_and_arrays_are_followed_to_their_leaves() -> None:
    found = guesses([{"a": {"bC": [{"d": Number(1)}, {"d": Number(2)}]}}])["a"]
    (inner,) = found.children
    assert (inner.name, inner.source, inner.form.logical) == ("b_c", "bC", "array")
    assert inner.items
    assert [(one.name, one.form.logical) for one in inner.items.children] == [("d", "integer")]


@pytest.mark.parametrize(
    ("values", "logical"),
    [
        ([{"a": "x"}, "x"], "object"),
        ([["x"], {"a": "x"}], "object"),
        ([[], []], "array"),
        ([{}], "object"),
        ([{f"{n:04d}": "x" for n in range(3)}], "object"),
    ],
)
def test_what_has_no_one_shape_is_kept_as_json(values: list[Any], logical: str) -> None:
    found = column(values, typed=True)
    assert (found.form.logical, found.children, found.items) == (logical, (), None)
    assert "kept as JSON" in found.remark


def test_a_personal_text_in_an_array_masks_the_whole_array() -> None:
    found = column([[f"ann{n}@example.org" for n in range(50)]], "contacts", typed=True)
    assert found.mask == "redact"
    assert found.items
    assert found.items.mask is None


@pytest.mark.parametrize(
    ("rows", "nulls"),
    [
        ([{"n": "1", "t": "x"}, {"n": "N/A", "t": "y"}], ("N/A",)),
        ([{"n": "1", "t": "x"}, {"n": "NA", "t": "y"}], ("NA",)),
        ([{"n": "1", "t": "NA"}, {"n": "NA", "t": "y"}], ()),  # Namibia
        ([{"n": "x", "t": "NULL"}], ()),
        ([{"n": "NULL", "t": "x"}], ()),
    ],
)
def test_texts_that_stand_for_nothing_are_those_that_keep_a_column_from_its_type(
    rows: list[dict[str, str]], nulls: tuple[str, ...]
) -> None:
    assert spelled_nulls(seen(rows), typed=False) == nulls


def test_where_texts_are_never_numbers_only_days_show_what_stands_for_nothing() -> None:
    rows = [{"n": "1", "day": "2024-01-31"}, {"n": "N/A", "day": ""}]
    assert spelled_nulls(seen(rows), typed=True) == ("",)


def test_a_guess_gives_up_what_a_trial_breaks_and_nothing_else() -> None:
    rows = [
        {"id": Number(n), "lat": Number(n), "in": {"day": "2024-01-31"}, "who": ["2024-01-31"]}
        for n in range(3)
    ]
    columns = guess_columns(seen(rows), Sampled(3, True, True))
    broken = {"id": {"primary_key"}, "lat": {"range"}, "in.day": {"type"}, "who.element": {"type"}}
    after = {one.name: one for one in weakened(columns, broken)}
    assert not after["id"].primary
    assert after["id"].required
    assert after["lat"].form.options == {}
    assert after["in"].children[0].form.logical == "string"
    assert after["who"].items
    assert after["who"].items.form.logical == "string"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("leHeading °T", "le_heading_t"),
        ("Höhe (m)", "hohe_m"),
        ("2020", "_2020"),
        ("_row", "row"),
        ("", "column_3"),
        ("日本", "column_3"),
        ("taken", "taken_2"),
    ],
)
def test_columns_are_called_in_snake_case_after_their_fields(source: str, name: str) -> None:
    assert free_name(source, {"taken"}, 3) == name


@pytest.mark.parametrize(
    ("stems", "name"),
    [
        (["movies-1900s", "movies-2010s"], "movies"),
        (["runways"], "runways"),
        (["2024"], "data"),
        (["orders 2024-01", "orders 2024-02"], "orders"),
        (["a", "b"], "data"),
    ],
)
def test_a_dataset_is_called_after_what_its_files_names_share(stems: list[str], name: str) -> None:
    assert dataset_name(stems) == name


@pytest.mark.parametrize(
    ("folder", "name"), [("movies-json", "moviesjson"), ("2024", "inbox"), ("", "inbox")]
)
def test_a_domain_is_called_after_the_folder(folder: str, name: str) -> None:
    assert domain_name(folder) == name
