"""`tidegate config check`."""

from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.cli.frame import Run, add, new_group
from tidegate.cli.output import counted, table
from tidegate.cli.policy_output import POLICY_COLUMNS, policy_cells, policy_document
from tidegate.config.settings import Settings
from tidegate.model.notification import NotificationKind
from tidegate.warehouse.base import ResultColumn

if TYPE_CHECKING:
    from tidegate.flows.landing.routing import Choice


def register(app: typer.Typer) -> None:
    group = new_group("Look at the configuration.")
    app.add_typer(group, name="config")
    add(group, "check", check, exits=(3,))


def check(
    run: Run,
    route: Annotated[
        list[str] | None, typer.Option("--route", metavar="FILE", help="Say which route this file would take, and why.")
    ] = None,
) -> None:
    """Read the configuration and show what it says. Nothing is opened or connected to."""
    from tidegate.app.configuration import load_settings

    settings = load_settings(run.config)
    if not route:
        run.output.result(_document(settings), _lines(settings))
        return
    from tidegate.flows.landing.routing import Router, choice_lines, full_address

    router = Router(settings)
    for file in route:
        choice = router.choose(full_address(settings, file))
        run.output.result(_choice_document(choice), choice_lines(choice))


def _choice_document(choice: "Choice") -> dict[str, object]:
    return {
        "message_type": "route",
        "uri": choice.uri,
        "key": choice.key,
        "match": choice.route.match if choice.route else None,
        "table": str(choice.route.table) if choice.route else None,
        "mode": choice.route.mode if choice.route else None,
        "reason": choice.reason,
        "routes": [{"match": v.route.match, "matches": v.takes, "reason": v.reason} for v in choice.verdicts],
    }


def _document(settings: Settings) -> dict[str, object]:
    return {
        "message_type": "result",
        "file": str(settings.file),
        "timezone": settings.timezone,
        "warehouse": settings.warehouse.address,
        "lake": settings.lake_address,
        "ledger": settings.ledger_address,
        "notify": _notify(settings),
        "metrics": {"namespace": settings.metrics.namespace, "file": _metrics_file(settings)},
        "policies": [policy_document(policy) for policy in settings.policies],
        "routes": [
            {
                "match": route.match,
                "table": str(route.table) if route.table else None,
                "mode": route.mode,
                "key": list(route.key),
                "format": route.format,
                "batch_files": route.batch_files,
                "batch_bytes": route.batch_bytes,
                "batch_seconds": route.batch_seconds,
            }
            for route in settings.routes
        ],
    }


def _lines(settings: Settings) -> list[str]:
    lines = [
        f"{settings.file} is correct",
        f"  timezone   {settings.timezone}",
        f"  warehouse  {settings.warehouse.address}",
        f"  lake       {settings.lake_address}",
        f"  ledger     {settings.ledger_address}",
        *_signal_lines(settings),
        f"  {counted(len(settings.policies), 'policy', 'policies')}",
    ]
    if settings.policies:
        lines += ["", *table(POLICY_COLUMNS, map(policy_cells, settings.policies))]
    return [*lines, *_route_lines(settings)]


def _notify(settings: Settings) -> dict[str, object]:
    return {
        "channels": list(settings.notify.addresses),
        "on": [kind.value for kind in NotificationKind if kind in settings.notify.on],
        "digest_seconds": settings.notify.digest_seconds,
    }


def _metrics_file(settings: Settings) -> str | None:
    return "-" if settings.metrics.stdout else str(settings.metrics.file) if settings.metrics.file else None


def _signal_lines(settings: Settings) -> list[str]:
    """Where messages and metrics go, if they go anywhere."""
    lines = []
    if settings.notify.addresses:
        on = ", ".join(kind.value for kind in NotificationKind if kind in settings.notify.on)
        lines.append(f"  notify     {', '.join(settings.notify.addresses)} on {on}")
    if (file := _metrics_file(settings)) is not None:
        lines.append(f"  metrics    {settings.metrics.namespace} to {'standard output' if file == '-' else file}")
    return lines


def _route_lines(settings: Settings) -> list[str]:
    """The routes, the most specific first."""
    if not settings.routes:
        return []
    columns = [ResultColumn(name, "varchar") for name in ("match", "table", "mode", "key", "format")]
    rows = [
        (
            route.match,
            str(route.table or "by {table}"),
            str(route.mode),
            ", ".join(route.key),
            str(route.format or "by the file"),
        )
        for route in settings.routes
    ]
    return ["", counted(len(rows), "route"), "", *table(columns, rows)]
