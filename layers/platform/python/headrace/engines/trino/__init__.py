"""SQL for Athena: marts, and the rows and checks of a contract, in Trino's words."""

from headrace.engines.trino.marts import create_stage, qualify, reads, trino_type

__all__ = ["create_stage", "qualify", "reads", "trino_type"]
