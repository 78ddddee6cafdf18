"""The Trino front end: parse, resolve names, check types, and render what DuckDB answers the same way."""
