"""SQL that contracts have in Athena's dialect, as DuckDB runs it."""
