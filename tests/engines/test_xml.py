"""XML files: elements as rows, and what a parser must not be talked into."""

import json

import pytest

from headrace.domain.errors import UnreadableObject
from headrace.domain.formats import Xml
from headrace.domain.plan import Array, Column, Integer, Json, Object, Text
from headrace.engines.convert import xml
from tests.engines.unit import MISFIT, Unit, plan, refine_files

A, B = Column("a", "a", Integer()), Column("b", "b", Text())
ROWS = Xml("data.row")


def read(body: str | bytes, *columns: Column, format_: Xml = ROWS) -> Unit:
    data = body if isinstance(body, bytes) else body.encode()
    return refine_files(plan(*(columns or (A, B)), formats=(format_,)), {"f.xml": data})


def test_elements_at_the_path_are_rows_in_their_order() -> None:
    unit = read(
        '<?xml version="1.0"?><data><row><a>1</a><b> x &amp; y </b></row><other><row><a>9</a></row></other>'
        "<row><b><![CDATA[<b>]]></b><!-- no --><a> 2 </a></row><row/></data>"
    )
    assert [(row["_row"], row["a"], row["b"]) for row in unit.curated] == [
        (1, 1, " x & y "),
        (2, 2, "<b>"),
        (3, None, None),
    ]


def test_attributes_children_and_text_are_fields() -> None:
    columns = Column("id", "@id", Integer()), Column("text", "#text", Text()), Column("c", "c", Json())
    unit = read('<data><row id="1">one</row><row id="2"><c k="v">w</c>two</row></data>', *columns)
    assert [(row["id"], row["text"]) for row in unit.curated] == [(1, "one"), (2, "two")]
    assert json.loads(unit.column("c")[1]) == {"@k": "v", "#text": "w"}


def test_an_element_that_stands_several_times_is_an_array() -> None:
    unit = read("<data><row><c>1</c><c>2</c><c/></row><row><c>3</c></row></data>", Column("c", "c", Json()))
    assert [json.loads(value) for value in unit.column("c")] == [["1", "2", None], "3"]


def test_a_column_that_is_an_array_is_one_with_a_single_element_too() -> None:
    line = Object((Column("sku", "sku", Text()), Column("tags", "tag", Array(Text()))))
    columns = Column("tags", "tag", Array(Text())), Column("lines", "line", Array(line))
    unit = read(
        "<data><row><tag>x</tag><line><sku>s</sku><tag>t</tag></line></row><row><tag>x</tag><tag>y</tag></row></data>",
        *columns,
    )
    assert unit.column("tags") == [["x"], ["x", "y"]]
    assert unit.column("lines") == [[{"sku": "s", "tags": ["t"]}], None]


def test_namespaces_are_left_out_and_nil_is_no_value() -> None:
    unit = read(
        '<d:data xmlns:d="urn:d" xmlns="urn:e" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        '<row><d:a>1</d:a><b xsi:nil="true">x</b></row></d:data>'
    )
    assert [(row["a"], row["b"], row["_rescued"]) for row in unit.curated] == [(1, None, None)]


def test_unknown_fields_are_rescued_and_raw_shows_the_fields() -> None:
    unit = read("<data><row><a>x</a><more><y>1</y></more></row><row><a>1</a><z>2</z></row></data>")
    assert unit.column("_rescued") == ['{"z":"2"}']
    assert json.loads(unit.quarantine[0]["_raw"]) == {"a": "x", "more": {"y": "1"}}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1", "cp1252"])
def test_the_file_says_its_encoding(encoding: str) -> None:
    body = f'<?xml version="1.0" encoding="{encoding}"?><data><row><b>é</b></row></data>'
    assert read(body.encode(encoding)).column("b") == ["é"]


DECLARES = "the file declares a document type or entities, which are not read; write it without"
BROKEN = "the file is not well-formed XML at"
BILLION_LAUGHS = (
    '<!DOCTYPE data [<!ENTITY l0 "ha">'
    + "".join(f'<!ENTITY l{at} "{f"&l{at - 1};" * 10}">' for at in range(1, 10))
    + "]><data><row><b>&l9;</b></row></data>"
)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (BILLION_LAUGHS, DECLARES),
        ('<!DOCTYPE data SYSTEM "file:///etc/passwd"><data/>', DECLARES),
        (
            "<data><row><b>&x;</b></row></data>",
            f"{BROKEN} line 1, column 15: undefined entity; write it again",
        ),
        ("<data><row>\n</data>", f"{BROKEN} line 2, column 3: mismatched tag; write it again"),
        ("<data><row></row>", f"{BROKEN} line 1, column 18: no element found; write it again"),
        ("<data/><data/>", f"{BROKEN} line 1, column 8: junk after document element; write it again"),
        (
            "<root><row/></root>",
            "there is no element data.row: the document is one root; correct headrace.recordPath",
        ),
        (
            '<?xml version="1.0" encoding="x-none"?><data/>',
            "the file is in an encoding that is not read; land it in UTF-8",
        ),
        ("<data>" + "<x>" * 200, "elements are nested more than 100 levels deep; write them flatter"),
        (b"PAR1\0", f"the contract says XML, this is a Parquet file; {MISFIT}"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused(body: str | bytes, message: str) -> None:
    assert read(body).broken == [(0, [("", "unreadable", message)])]


@pytest.mark.parametrize(
    "inside",
    ["<b>" + "x" * 300 + "</b>", f'<b c="{"x" * 300}"/>', "<b/>" * 100, "<b>" + "x\n" * 150 + "</b>"],
)
def test_records_have_a_largest_size(
    inside: str, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setattr(xml, "_RECORD_BYTES", 200)
    folder = tmp_path_factory.mktemp("xml")
    (folder / "f").write_text(f"<data><row><b>x</b></row><row>{inside}</row></data>")
    with pytest.raises(UnreadableObject, match="record 2 is longer than 200 bytes"):
        xml.xml_to_ndjson(folder / "f", folder / "g", "data.row")
