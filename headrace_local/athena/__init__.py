"""Amazon Athena engine version 3 over Iceberg, for the laptop: Trino SQL checked here and run on DuckDB."""
