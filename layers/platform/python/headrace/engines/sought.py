"""Finds rows by the object and the place in it that they are of."""

import pyarrow as pa
import pyarrow.compute as pc

from headrace.domain.landed import Rows


class Sought:
    """Rows to be found, as Arrow compares them."""

    def __init__(self, rows: Rows) -> None:
        self._whole = pa.array([name for name, some in rows.items() if some is None], pa.large_string())
        self._rows = {name: pa.array(sorted(some), pa.int64()) for name, some in rows.items() if some}

    def among(self, objects: pa.Array, rows: pa.Array) -> pa.Array:
        """Whether each row with this `_object` and this `_row` is one of them; never NULL."""
        objects, rows = objects.cast(pa.large_string()), rows.cast(pa.int64())
        found = pc.is_in(objects, self._whole)
        for name in pc.unique(objects).to_pylist() if self._rows else ():
            if name in self._rows:
                here = pc.and_(pc.equal(objects, name), pc.is_in(rows, self._rows[name]))
                found = pc.or_(found, pc.fill_null(here, False))
        return found
