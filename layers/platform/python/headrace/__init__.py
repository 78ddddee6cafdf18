"""Headrace: whatever lands in a bucket becomes trusted Iceberg tables, every row exactly once."""
