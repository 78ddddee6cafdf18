"""Cuts what is not loaded off shared libraries: symbols for debuggers, and the table of sections.

    python strip.py FOLDER

The loader maps segments and never looks at sections, so a 64-bit ELF file may end where its last segment
does. Unlike `strip` this needs no tools for the libraries' processor.
"""

import struct
import sys
from pathlib import Path

_ELF64_LITTLE = b"\x7fELF\x02\x01"
_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SEGMENT = struct.Struct("<IIQQQQQQ")


def strip(library: Path) -> int:
    """Shorten one library, if it is one; returns the bytes saved."""
    data = bytearray(library.read_bytes())
    if not data.startswith(_ELF64_LITTLE):
        return 0
    *begin, _, flags, size, segment_size, segments, section_size, _, _ = _HEADER.unpack_from(data)
    first = begin[5]
    end = _HEADER.size
    for at in range(segments):
        _, _, offset, _, _, length, _, _ = _SEGMENT.unpack_from(data, first + at * segment_size)
        end = max(end, offset + length)
    _HEADER.pack_into(data, 0, *begin, 0, flags, size, segment_size, segments, section_size, 0, 0)
    library.write_bytes(data[:end])
    return len(data) - end


if __name__ == "__main__":
    libraries = [path for path in Path(sys.argv[1]).rglob("*.so*") if not path.is_symlink()]
    saved = sum(map(strip, libraries)) / 1e6
    sys.stdout.write(f"{saved:.1f} MB of symbols left out of {len(libraries)} libraries\n")
