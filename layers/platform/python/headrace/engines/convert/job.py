"""One file to convert, as it is told to the converting process."""

from msgspec import Struct

from headrace.domain.formats import Avro, Excel, Orc, Xml


class Job(Struct, frozen=True):
    """Convert the file `path`, of this format, to the file `to`: Avro and ORC to Parquet, Excel to CSV and
    XML to NDJSON.

    `fields` name the columns of an ORC file that gives them no names of their own; `arrays` are the dotted
    paths in an XML record that are arrays even where they have one element.
    """

    format: Avro | Orc | Excel | Xml
    path: str
    to: str
    fields: tuple[str, ...] = ()
    arrays: tuple[str, ...] = ()
