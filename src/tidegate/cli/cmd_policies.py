"""`tidegate policies list|import|export`."""

from typing import TYPE_CHECKING, Annotated

import typer

from tidegate.cli.frame import Run, add, new_group
from tidegate.cli.output import counted, table
from tidegate.cli.policy_output import POLICY_COLUMNS, policy_cells, policy_document
from tidegate.warehouse.base import ResultColumn

if TYPE_CHECKING:
    from tidegate.flows.rules import KnownPolicy
    from tidegate.model.policy import Policy


def register(app: typer.Typer) -> None:
    group = new_group("What shall happen to which table, from wherever it is said.")
    app.add_typer(group, name="policies")
    add(group, "list", listing, exits=(3, 7))
    add(group, "import", take_in, exits=(3, 7))
    add(group, "export", hand_back, exits=(3, 7))


def listing(run: Run) -> None:
    """The policies of tidegate.toml and the imported ones, by priority."""
    with run.app() as app:
        known = app.policies()
    columns = [*POLICY_COLUMNS, *(ResultColumn(name, "varchar") for name in ("checkpoint", "source"))]
    rows = [(*policy_cells(item.policy), item.checkpoint or "", item.source) for item in known]
    lines = list(table(columns, rows)) if rows else ["there is no policy"]
    run.output.result({"message_type": "result", "policies": [_known(item) for item in known]}, lines)


def take_in(
    run: Run,
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="A CSV file, or dynamodb://TABLE?region=REGION&endpoint=URL.")
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help="Forget the policies imported from elsewhere, too.")
    ] = False,
) -> None:
    """Take in policies as AWS's data-lifecycle sample writes them. All or none.

    Those imported before from the same source and gone from it are forgotten; checkpoints stay.
    """
    with run.app() as app:
        outcome = app.import_policies(source, replace=replace)
    for note in outcome.notes:
        run.output.notice(note)
    count = counted(len(outcome.policies), "policy", "policies")
    lines = [f"{count} imported from {outcome.source}"]
    lines += [f"{name} has no imported policy any more" for name in outcome.removed]
    run.output.result(
        {
            "message_type": "result",
            "source": outcome.source,
            "imported": [_document(policy) for policy in outcome.policies],
            "removed": [str(name) for name in outcome.removed],
            "notes": list(outcome.notes),
        },
        lines,
    )


def hand_back(
    run: Run,
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="A new CSV file, or dynamodb://TABLE?region=REGION&endpoint=URL.")
    ],
) -> None:
    """Write all policies as AWS's data-lifecycle sample does, with the checkpoints of today.

    A DynamoDB table is made where it is missing; what it holds of other tables stays.
    """
    with run.app() as app:
        outcome = app.export_policies(target)
    for note in outcome.notes:
        run.output.notice(note)
    count = counted(len(outcome.tables), "policy", "policies")
    run.output.result(
        {
            "message_type": "result",
            "target": outcome.target,
            "exported": [str(name) for name in outcome.tables],
            "notes": list(outcome.notes),
        },
        [f"{count} exported to {outcome.target}"],
    )


def _document(policy: "Policy") -> dict[str, object]:
    return {
        **policy_document(policy),
        "location": policy.location,
        "format": policy.unload.format,
        "target": policy.unload.target,
    }


def _known(item: "KnownPolicy") -> dict[str, object]:
    return {**_document(item.policy), "source": item.source, "checkpoint": item.checkpoint}
