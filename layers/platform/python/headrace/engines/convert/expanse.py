"""How much a file may stand for: so much in any case, and beyond it so many times its size."""

from headrace.domain.errors import UnreadableObject

_FREE_BYTES = 64 << 20
_BYTES_PER_BYTE = 200


class Expanse:
    """Counts what is taken out of a file of `size` bytes."""

    def __init__(self, size: int, free_cells: int, cells_per_byte: int = 200) -> None:
        self._size = size
        self._most_cells = max(free_cells, cells_per_byte * size)
        self._most_bytes = max(_FREE_BYTES, _BYTES_PER_BYTE * size)
        self._cells = self._bytes = 0

    def add(self, cells: int, bytes_: int) -> None:
        """Raises UnreadableObject when it is more than such a file may hold."""
        self._cells += cells
        self._bytes += bytes_
        if self._cells > self._most_cells or self._bytes > self._most_bytes:
            raise UnreadableObject(
                f"{self._size} bytes that stand for more than {self._most_cells} values or "
                f"{self._most_bytes} bytes are not read; write the rows to several files"
            )
