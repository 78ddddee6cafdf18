"""Reads landed files: which format they are of, and their rows as SQL."""
