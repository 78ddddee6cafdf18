"""Contracts as their authors write them, ODCS YAML, and compiling them into plans.

Loaded where contracts are compiled; of it, the engines take only `sql` and `patterns`, which tell what SQL
and which regular expressions a contract may hold. What a plan is stands in `headrace.domain.plan`.
"""
