"""Text in another encoding as UTF-8, or the byte that is no text in it."""

import codecs
from pathlib import Path

from headrace.domain.errors import UnreadableObject

_PIECE = 1 << 20
_ADVICE = "correct the server's encoding, or write the file in it"
_SAME = ("utf-8", "ascii", "utf-8-sig")
_BYTE_ORDER_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def is_utf8(encoding: str) -> bool:
    """Whether text in this encoding is read as it is."""
    return codecs.lookup(encoding).name in _SAME


def transcode(path: Path, encoding: str, to: Path) -> None:
    """Write the text at `path` to `to` in UTF-8, without its byte order mark.

    A byte order mark decides between the two kinds of UTF-16; without one, a first byte that is NUL does.
    Raises UnreadableObject, naming the byte, where the file is not in `encoding`.
    """
    with path.open("rb") as file, to.open("wb") as plain:
        read = 0
        if codecs.lookup(encoding).name.startswith("utf-16"):
            encoding, read = _byte_order(file.read(2), encoding)
            file.seek(read)
        decoder = codecs.getincrementaldecoder(encoding)()
        while piece := file.read(_PIECE):
            plain.write(_decoded(decoder, piece, read, encoding, final=False))
            read += len(piece)
        plain.write(_decoded(decoder, b"", read, encoding, final=True))


def _byte_order(head: bytes, encoding: str) -> tuple[str, int]:
    """The kind of UTF-16, and how long the byte order mark is."""
    if head in _BYTE_ORDER_MARKS:
        return _BYTE_ORDER_MARKS[head], len(head)
    if codecs.lookup(encoding).name == "utf-16":
        encoding = "utf-16-be" if head.startswith(b"\0") else "utf-16-le"
    return encoding, 0


def _decoded(
    decoder: codecs.IncrementalDecoder, piece: bytes, read: int, encoding: str, *, final: bool
) -> bytes:
    waiting = len(decoder.getstate()[0])
    try:
        return decoder.decode(piece, final).encode()
    except UnicodeDecodeError as error:
        at = read - waiting + error.start
        raise UnreadableObject(f"the byte at position {at} is no text in {encoding}; {_ADVICE}") from None
    except UnicodeEncodeError:  # half of a surrogate pair
        raise UnreadableObject(
            f"there is a broken character after byte {read} of the {encoding}; {_ADVICE}"
        ) from None
