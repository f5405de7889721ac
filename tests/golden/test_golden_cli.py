"""Documents that the command line prints, as they were.

After a wanted change: `pytest tests/golden --update-golden`, then read the difference.
"""

import difflib
import json
from pathlib import Path

import pytest
from tests.cli.conftest import load_shop
from tests.golden.golden_files import HERE
from tests.masking import mask

COMMANDS = {
    "archive_dry_run": ("archive", "--as-of", "2020-06-20", "--dry-run", "--json"),
    "restore_dry_run": ("restore", "public.orders", "--to", "2020-01", "--dry-run", "--json"),
}


def test_dry_runs_print_the_documents_of_the_golden_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, update_golden: bool
) -> None:
    cli = load_shop(tmp_path, monkeypatch)
    printed = {"archive_dry_run": cli.ok(*COMMANDS["archive_dry_run"]).document}
    cli.ok("archive", "--as-of", "2020-06-20", "--yes")
    printed["restore_dry_run"] = cli.ok(*COMMANDS["restore_dry_run"]).document
    for name, document in printed.items():
        text = mask(json.dumps(document, indent=2), tmp_path) + "\n"
        path = HERE / "cli" / f"{name}.json"
        if update_golden:
            path.write_text(text, encoding="utf-8")
        golden = path.read_text(encoding="utf-8") if path.exists() else ""
        lines = difflib.unified_diff(golden.splitlines(), text.splitlines(), str(path), "now", lineterm="")
        assert text == golden, "\n".join([*lines, "If this is meant: pytest tests/golden --update-golden"])


def test_every_golden_file_has_its_command() -> None:
    assert sorted(path.stem for path in (HERE / "cli").glob("*")) == sorted(COMMANDS)
