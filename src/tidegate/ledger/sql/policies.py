"""Policies that were imported, in the ledger: they outlive a rebuild, since no lake has them in this form."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Column, Connection, RowMapping, Table, delete, insert, select, update

from tidegate.ledger.sql.engine import Database
from tidegate.ledger.sql.rows import Values, table_of, table_values, time_text
from tidegate.ledger.sql.statements import exclude_writers, of_table, read_rows
from tidegate.ledger.sql.tables import METADATA
from tidegate.ledger.sql.text import Text
from tidegate.model.lifecycle import ImportedPolicy
from tidegate.model.names import TableName

imported_policies = Table(
    "imported_policies",
    METADATA,
    Column("table_schema", Text, primary_key=True),
    Column("table_name", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("cells", Text, nullable=False),
    Column("checkpoint", Text),
    Column("imported_at", Text, nullable=False),
)


class SqlPolicies:
    """The imported policies' part of the Ledger port. Every method is one transaction."""

    _database: Database

    def imported_policies(self) -> Sequence[ImportedPolicy]:
        """By schema, then name."""
        found = select(imported_policies).order_by(*imported_policies.primary_key.columns)
        return read_rows(self._database, found, _policy_of)

    def import_policies(
        self, source: str, policies: Sequence[ImportedPolicy], *, replace_all: bool
    ) -> Sequence[TableName]:
        def write(connection: Connection) -> Sequence[TableName]:
            exclude_writers(connection, imported_policies)
            rows = connection.execute(select(imported_policies)).mappings().all()
            known = {policy.table: policy for policy in map(_policy_of, rows)}
            new = [_values(_keeping_checkpoint(policy, known.get(policy.table))) for policy in policies]
            gone = {table for table, policy in known.items() if replace_all or policy.source == source}
            for table in {*gone, *(policy.table for policy in policies)}:
                connection.execute(delete(imported_policies).where(of_table(imported_policies, table)))
            if new:
                connection.execute(insert(imported_policies), new)
            return sorted(gone - {policy.table for policy in policies})

        return self._database.write(write)

    def set_imported_checkpoint(self, table: TableName, value: str) -> None:
        changed = update(imported_policies).where(of_table(imported_policies, table)).values(checkpoint=value)
        self._database.write(lambda connection: connection.execute(changed))


def _keeping_checkpoint(policy: ImportedPolicy, known: ImportedPolicy | None) -> ImportedPolicy:
    return policy if known is None or known.checkpoint is None else replace(policy, checkpoint=known.checkpoint)


def _values(policy: ImportedPolicy) -> Values:
    return {
        **table_values(policy.table),
        "source": policy.source,
        "cells": json.dumps(dict(policy.cells), ensure_ascii=False),
        "checkpoint": policy.checkpoint,
        "imported_at": time_text(policy.imported_at),
    }


def _policy_of(row: RowMapping) -> ImportedPolicy:
    return ImportedPolicy(
        table_of(row),
        row["source"],
        json.loads(row["cells"]),
        row["checkpoint"],
        datetime.fromisoformat(row["imported_at"]),
    )
