"""Refining on Spark: what is too much for one function, under the same contract as on DuckDB."""
