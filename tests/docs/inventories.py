"""What the commands about inventories print, for the page of JSON output."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.cli.conftest import Cli
from tests.cli.shop import parquet
from tests.inventories import CURRENT, HandMade, Row

from tidegate.app import App
from tidegate.formats.inventory.fields import OPTIONAL_FIELDS
from tidegate.model.inventory import Configured

CONFIGURATION = {
    "Id": "tidegate-w4484b146",
    "IsEnabled": True,
    "IncludedObjectVersions": "All",
    "Schedule": {"Frequency": "Daily"},
    "OptionalFields": list(OPTIONAL_FIELDS),
    "Destination": {"S3BucketDestination": {"Bucket": "arn:aws:s3:::b", "Format": "Parquet", "Prefix": "p"}},
    "Filter": {"Prefix": "cold/"},
}
"""tests/cli/test_cli_inventory.py shows on S3 that these are its keys."""


def printed_of_inventories(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Any]]:
    """By the heading of the page. `public.orders` must have archives; the lake gains a report and an inventory."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    rows = [
        Row(str(path.relative_to(cli.folder / "lake")), path.stat().st_size, storage="GLACIER") for path in parquet(cli)
    ]
    made = HandMade([rows], names=(*CURRENT, "Mood"), created=tomorrow)
    manifest = made.write(cli.folder / "copied")
    report = cli.ok("inventory", "report", "--json").documents
    normalized = cli("inventory", "normalize", manifest, "--json").documents
    planned = cli.ok("inventory", "plan-restore", "public.orders", "--out", "restore.csv", "--json").documents
    with monkeypatch.context() as patched:
        patched.setattr(App, "configure_inventory", lambda *_, **__: Configured("b", CONFIGURATION, changed=True))
        configured = cli.ok("inventory", "configure", "--json").documents
    return {
        "tidegate inventory configure": configured,
        "tidegate inventory report": report,
        "tidegate inventory normalize": normalized,
        "tidegate inventory plan-restore": planned,
    }
