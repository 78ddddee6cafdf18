"""Contracts as their authors write them, ODCS YAML, and compiling them into plans.

Loaded only where contracts are compiled; what a plan is stands in `headrace.domain.plan`.
"""
