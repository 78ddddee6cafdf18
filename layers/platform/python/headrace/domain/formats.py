"""The formats in which objects land, as a contract's servers describe them."""

from msgspec import Struct


class Csv(Struct, frozen=True, tag="csv"):
    """Delimited text; `nulls` are the texts (after unquoting) that mean no value.

    `delimiter` is one character or, seldom, more. `quote` and `escape` are one character, or empty for
    none; an `escape` that is the quote means that quotes are doubled. `encoding` is a Python codec name.
    Without a `header`, the fields are the contract's columns in their order. `skip` lines come before
    the header; lines that begin with `comment` are passed over. `trim` takes spaces off unquoted values.
    """

    delimiter: str = ","
    quote: str = '"'
    nulls: tuple[str, ...] = ("",)
    escape: str = '"'
    encoding: str = "utf-8"
    header: bool = True
    skip: int = 0
    comment: str = ""
    trim: bool = False


class FixedWidth(Struct, frozen=True, tag="fixed"):
    """Lines of fixed-width fields: `fields` are (source, first character from 0, characters).

    Values lose the spaces around them; `nulls` are the texts that then mean no value. `skip` lines come
    first; lines that begin with `comment` are passed over.
    """

    fields: tuple[tuple[str, int, int], ...]
    nulls: tuple[str, ...] = ("",)
    encoding: str = "utf-8"
    skip: int = 0
    comment: str = ""


class Ndjson(Struct, frozen=True, tag="ndjson"):
    """One JSON object a line."""

    encoding: str = "utf-8"


class JsonDocument(Struct, frozen=True, tag="json"):
    """One JSON document; its rows are the array, or the one object, at `record_path` (dotted; empty:
    the document itself)."""

    record_path: str = ""
    encoding: str = "utf-8"


class Xml(Struct, frozen=True, tag="xml"):
    """XML; each element at `record_path` (dotted names from the root, without namespaces) is a row.

    Its fields are its attributes (`@name`), its child elements and, where it has neither, its text
    (`#text`); an element that stands several times is an array.
    """

    record_path: str


class Excel(Struct, frozen=True, tag="excel"):
    """An Excel workbook: the sheet of this name (empty: the first), `skip` rows before its header."""

    sheet: str = ""
    skip: int = 0
    nulls: tuple[str, ...] = ("",)


class Parquet(Struct, frozen=True, tag="parquet"):
    """Apache Parquet; `nulls` are the texts, in text columns, that mean no value."""

    nulls: tuple[str, ...] = ()


class Avro(Struct, frozen=True, tag="avro"):
    """Apache Avro object container files; `nulls` as for Parquet."""

    nulls: tuple[str, ...] = ()


class Orc(Struct, frozen=True, tag="orc"):
    """Apache ORC; `nulls` as for Parquet."""

    nulls: tuple[str, ...] = ()


Format = Csv | FixedWidth | Ndjson | JsonDocument | Xml | Excel | Parquet | Avro | Orc


def format_name(landed: Format) -> str:
    """What a contract calls the format."""
    return str(landed.__struct_config__.tag)
