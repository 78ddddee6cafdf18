"""Without the dependency group `spark` nothing is collected here: `uv run --all-groups pytest` has it."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("pyspark") else ["test_spark.py"]
