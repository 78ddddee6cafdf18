"""A file seen through a buffer that moves along it, so that its size is nobody's memory."""

import re
from typing import BinaryIO

_PIECE = 4 << 20
_LINE_END = re.compile(rb"\r\n?|\n")


class Window:
    """A file from where it stands on: `data` is what is in memory, `offset` the position in the file of
    its first byte; `ended` tells that nothing follows it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.offset = file.tell()
        self.data = b""
        self.ended = False

    def see(self, begin: int, length: int) -> int:
        """Have `length` bytes from `data[begin]` on in memory, if the file has them, and forget those
        before; returns where in `data` that byte now is."""
        missing = begin + length - len(self.data)
        if self.ended or missing <= 0:
            return begin
        more = self._file.read(max(missing, _PIECE))
        self.ended = len(more) < max(missing, _PIECE)
        self.offset += begin
        self.data = self.data[begin:] + more
        return 0

    def end_of_line(self, begin: int) -> int:
        """Where in `data` the line ends, its line end not included, however long it is. Of a line that is
        not in memory as a whole the beginning is forgotten."""
        while True:
            ends = [at for at in (self.data.find(b"\n", begin), self.data.find(b"\r", begin)) if at >= 0]
            if ends:
                return min(ends)
            if self.ended:
                return len(self.data)
            begin = self.see(len(self.data), _PIECE)

    def after_line(self, begin: int) -> int:
        """Where in `data` the next line begins, or the data ends."""
        at = self.see(self.end_of_line(begin), 2)
        found = _LINE_END.match(self.data, at)
        return found.end() if found else at
