"""Takes a landed zip archive apart into its members, or refuses it before it fills the disk."""

import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import quote, unquote

from headrace.domain.errors import UnreadableObject

MAGIC = b"PK\x03\x04"
_EMPTY = b"PK\x05\x06"

_MEMBERS = 1_000
_DIRECTORY_BYTES = 4 << 20
_PIECE = 64 << 10
_NAME_LENGTH = 150
_ENCRYPTED = 0x1

# What Finder adds to every archive it makes is no data.
_ADDED_BY_FINDER = ("__MACOSX/",), (".DS_Store",)

# Zip archives that are one document.
_DOCUMENTS = ("[Content_Types].xml", "mimetype")

_FAULTS = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, EOFError, OSError, ValueError)


class _Bounded:
    """A file from which no more than so many bytes are read at once: `zipfile` believes what an archive
    says of the length of its directory."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        if size > _DIRECTORY_BYTES:
            raise UnreadableObject(
                f"the archive's directory is longer than {_DIRECTORY_BYTES} bytes; split it"
            )
        return self._file.read(size)

    def seekable(self) -> bool:
        return True


def is_archive(path: Path) -> bool:
    """Whether a file is a zip archive of files, and not of the parts of one workbook."""
    with path.open("rb") as file:
        if file.read(4) not in (MAGIC, _EMPTY):
            return False
    try:
        with _opened(path) as archive:
            return not any(name in _DOCUMENTS for name in archive.namelist())
    except UnreadableObject:
        return True


def members(folder: Path) -> list[tuple[str, Path]]:
    """The members that `extracted` wrote, by name, in the order of their names."""
    return [(unquote(path.name.partition("-")[2]), path) for path in sorted(folder.iterdir())]


def extracted(archive_path: Path, to: Path) -> Iterator[int]:
    """Write the members that are files into the folder `to`, and yield the bytes of each piece before it
    is written.

    Raises UnreadableObject for an archive that is damaged, encrypted, larger than its directory says, or
    whose names are unsafe, given twice or too many.
    """
    with _opened(archive_path) as archive:
        entries = sorted(_files(archive), key=lambda entry: entry.filename)
        for at, entry in enumerate(entries):
            path = to / f"{at:05d}-{quote(entry.filename, safe='')[-_NAME_LENGTH:]}"
            with path.open("wb") as file:
                for piece in _unpacked(archive, entry):
                    yield len(piece)
                    file.write(piece)


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with archive.open(entry) as member:
            while piece := member.read(_PIECE):
                yield piece
    except _FAULTS:
        raise UnreadableObject(
            f"the archive's member {entry.filename} is damaged; upload the archive again"
        ) from None


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    with path.open("rb") as file:
        try:
            archive = zipfile.ZipFile(_Bounded(file))
        except _FAULTS:
            raise UnreadableObject("the zip archive is damaged or cut short; upload the file again") from None
        yield archive


def _files(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    folders, names = _ADDED_BY_FINDER
    files = [
        entry
        for entry in archive.infolist()
        if not entry.is_dir()
        and not entry.filename.startswith(folders)
        and not entry.filename.endswith(names)
    ]
    if not files:
        raise UnreadableObject("the archive has no files; make it again, with the data in it")
    if len(files) > _MEMBERS:
        raise UnreadableObject(f"the archive has {len(files)} files, more than {_MEMBERS}; split it")
    seen: set[str] = set()
    for entry in files:
        _check_name(entry.filename)
        if entry.flag_bits & _ENCRYPTED:
            raise UnreadableObject(
                f"the archive's member {entry.filename} is encrypted; make it without a password"
            )
        if entry.filename in seen:
            raise UnreadableObject(f"the archive has two members {entry.filename}; leave one of them")
        seen.add(entry.filename)
    return files


def _check_name(name: str) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in path.parts[0]:
        raise UnreadableObject(
            f"the archive's member {name!r} has a name that leads out of it; name it otherwise"
        )
