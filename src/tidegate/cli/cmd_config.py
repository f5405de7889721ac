"""`tidegate config check`."""

import typer

from tidegate.cli.frame import Run, add, new_group
from tidegate.cli.output import counted, table
from tidegate.config.settings import Settings
from tidegate.warehouse.base import ResultColumn


def register(app: typer.Typer) -> None:
    group = new_group("Look at the configuration.")
    app.add_typer(group, name="config")
    add(group, "check", check, exits=(3,))


def check(run: Run) -> None:
    """Read the configuration and show what it says. Nothing is opened or connected to."""
    import os

    from tidegate.config.loader import load

    settings = load(run.config, os.environ)
    run.output.result(_document(settings), _lines(settings))


def _document(settings: Settings) -> dict[str, object]:
    return {
        "message_type": "result",
        "file": str(settings.file),
        "timezone": settings.timezone,
        "warehouse": settings.warehouse.address,
        "lake": settings.lake_address,
        "ledger": settings.ledger_address,
        "policies": [
            {
                "table": str(policy.table),
                "action": policy.action,
                "column": policy.column,
                "granularity": policy.granularity if policy.column else None,
                "retention": policy.retention if policy.column else None,
                "priority": policy.priority,
            }
            for policy in settings.policies
        ],
    }


def _lines(settings: Settings) -> list[str]:
    lines = [
        f"{settings.file} is correct",
        f"  timezone   {settings.timezone}",
        f"  warehouse  {settings.warehouse.address}",
        f"  lake       {settings.lake_address}",
        f"  ledger     {settings.ledger_address}",
        f"  {counted(len(settings.policies), 'policy', 'policies')}",
    ]
    if settings.policies:
        heads = ("table", "action", "column", "granularity", "retention", "priority")
        columns = [ResultColumn(name, "integer" if name in heads[4:] else "varchar") for name in heads]
        rows = [
            (
                str(policy.table),
                str(policy.action),
                policy.column or "",
                str(policy.granularity) if policy.column else "",
                policy.retention if policy.column else "",
                policy.priority,
            )
            for policy in settings.policies
        ]
        lines += ["", *table(columns, rows)]
    return lines
