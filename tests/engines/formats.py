"""Files of several formats, made from rows."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import orc

_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
)
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/>'
    '<xf numFmtId="21"/></cellXfs></styleSheet>'
)
STYLE_DAY, STYLE_MOMENT, STYLE_TIME = 1, 2, 3


def parquet(table: pa.Table | dict[str, list[Any]], **options: Any) -> bytes:
    body = io.BytesIO()
    pq.write_table(table if isinstance(table, pa.Table) else pa.table(table), body, **options)
    return body.getvalue()


def orc_file(table: pa.Table | dict[str, list[Any]], **options: Any) -> bytes:
    body = io.BytesIO()
    orc.write_table(table if isinstance(table, pa.Table) else pa.table(table), body, **options)
    return body.getvalue()


def avro(schema: Any, rows: Sequence[Mapping[str, Any]], codec: str = "null", **options: Any) -> bytes:
    body = io.BytesIO()
    fastavro.writer(body, schema, rows, codec, **options)
    return body.getvalue()


def number(value: int) -> bytes:
    """Avro's number: zigzag, seven bits a byte."""
    rest = (value << 1) ^ (value >> 63)
    body = b""
    while rest > 0x7F:
        body += bytes([rest & 0x7F | 0x80])
        rest >>= 7
    return body + bytes([rest])


def repacked(body: bytes, codec: str, pack: Callable[[bytes], bytes]) -> bytes:
    """An uncompressed Avro file with another codec, one that `fastavro` writes only with more packages."""
    reader: Any = fastavro.block_reader(io.BytesIO(body))
    blocks = [(block.num_records, pack(block.bytes_.getvalue())) for block in reader]
    sync = body[-16:]
    head = body[: body.index(sync) + 16].replace(number(4) + b"null", number(len(codec)) + codec.encode())
    return head + b"".join(number(count) + number(len(data)) + data + sync for count, data in blocks)


def record(**fields: Any) -> dict[str, Any]:
    """An Avro record's schema."""
    types = [{"name": name, "type": type_} for name, type_ in fields.items()]
    return {"type": "record", "name": "row", "fields": types}


def zipped(members: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return body.getvalue()


def workbook(**sheets: Sequence[Sequence[Any]]) -> bytes:
    """An Excel workbook; a cell is a text, a number, a boolean, None, or a number with its style."""
    names = list(sheets)
    listed = "".join(
        f'<sheet name="{name}" sheetId="{at}" r:id="r{at}"/>' for at, name in enumerate(names, 1)
    )
    targets = "".join(
        f'<Relationship Id="r{at}" Type="{_DOCUMENT}/worksheet" Target="worksheets/sheet{at}.xml"/>'
        for at in range(1, len(names) + 1)
    )
    styles = f'<Relationship Id="s" Type="{_DOCUMENT}/styles" Target="styles.xml"/>'
    parts = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="r1" '
        f'Type="{_DOCUMENT}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOCUMENT}"><sheets>{listed}</sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELATIONS}">{targets}{styles}'
        "</Relationships>",
        "xl/styles.xml": _STYLES,
        **{
            f"xl/worksheets/sheet{at}.xml": f'<worksheet xmlns="{_MAIN}"><sheetData>{_rows(sheets[name])}'
            "</sheetData></worksheet>"
            for at, name in enumerate(names, 1)
        },
    }
    return zipped({name: part.encode() for name, part in parts.items()})


def _rows(rows: Sequence[Sequence[Any]]) -> str:
    return "".join(f'<row r="{at}">{_cells(row, at)}</row>' for at, row in enumerate(rows, 1))


def _cells(row: Sequence[Any], at: int) -> str:
    return "".join(_cell(cell, f"{chr(65 + column)}{at}") for column, cell in enumerate(row))


def _cell(cell: Any, place: str) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return f'<c r="{place}" t="b"><v>{int(cell)}</v></c>'
        case str():
            return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'
        case (value, style):
            return f'<c r="{place}" s="{style}"><v>{value}</v></c>'
        case _:
            return f'<c r="{place}"><v>{cell}</v></c>'
