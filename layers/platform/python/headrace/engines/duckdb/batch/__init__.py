"""A batch as a whole: its rows across work units, what they measure, and which repeat."""
