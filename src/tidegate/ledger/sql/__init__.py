"""The ledger in an SQL database."""

from tidegate.ledger.sql.ledger import SqlLedger

__all__ = ["SqlLedger"]
