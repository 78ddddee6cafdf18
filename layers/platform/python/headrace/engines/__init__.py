"""Engines that render and run a plan: `duckdb`, `spark` and `trino`.

Beside them: `sql`, in which all are written; `sought`, which finds rows by their place; `texts`, `translate`,
`strptime` and `java_regex`, by which the others say what DuckDB means; and work in processes of its own,
`convert` (formats that no engine reads) and `probe` (sources that end the process).
"""
