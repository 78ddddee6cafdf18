"""Benchmarks: the same job by Headrace and by what people use instead, side by side in one run."""
