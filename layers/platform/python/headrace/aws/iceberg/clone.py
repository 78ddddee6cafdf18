"""A new table like another: PyIceberg's own `create_table` would number its fields anew."""

from collections.abc import Collection
from uuid import uuid4

from pyiceberg.serializers import ToOutputFile
from pyiceberg.table import Table


def written_empty(table: Table, location: str, without: Collection[str]) -> str:
    """Write the metadata of an empty table at `location`, with the columns, field ids, partitions and
    properties of this one but for those named `without`. Returns where it is written."""
    old = table.metadata
    new = old.model_copy(
        update={
            "location": location,
            "table_uuid": uuid4(),
            "schemas": [table.schema()],
            "partition_specs": [table.spec()],
            "properties": {name: value for name, value in old.properties.items() if name not in without},
            "last_sequence_number": 0,
            "current_snapshot_id": None,
            "snapshots": [],
            "snapshot_log": [],
            "metadata_log": [],
            "refs": {},
            "statistics": [],
            "partition_statistics": [],
        }
    )
    where = f"{location}/metadata/00000-{uuid4()}.metadata.json"
    ToOutputFile.table_metadata(new, table.io.new_output(where))
    return where
