"""What is loaded into what: written by the preparation, read by every side. Needs nothing of Tidegate's."""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

PARQUET, CSV, BASE = "changes.parquet", "changes.csv", "base.parquet"
WAREHOUSE, DLT = "warehouse.duckdb", "dlt.duckdb"
_FACTS = "facts.json"


@dataclass(frozen=True)
class Facts:
    """A table, its key, the file with rows for it, and the types of its columns in DuckDB's words."""

    table: str
    key: list[str]
    file: str
    columns: dict[str, str]

    def save(self, folder: Path) -> None:
        (folder / _FACTS).write_text(json.dumps(asdict(self)), encoding="ascii")

    @classmethod
    def load(cls, folder: Path) -> "Facts":
        return cls(**json.loads((folder / _FACTS).read_text(encoding="ascii")))


def fresh_copy(prepared: Path, linked: str) -> Path:
    """A folder with its own copy of the prepared warehouse, and a link to what is loaded into it."""
    folder = prepared / "run"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in ("tidegate.toml", "tidegate.sqlite", WAREHOUSE):
        shutil.copyfile(prepared / name, folder / name)
    shutil.copytree(prepared / "lake", folder / "lake")
    (folder / linked).symlink_to(prepared / linked)
    return folder


def values(database: Path, facts: Facts) -> dict[str, Any]:
    """How many rows a table of a DuckDB file has, and the sum of their hashes; every side must come to the same."""
    typed = ", ".join(f"CAST({name} AS {kind})" for name, kind in facts.columns.items())
    with duckdb.connect(str(database), read_only=True) as engine:
        row = engine.execute(
            f"SELECT COUNT(*), SUM(hash({typed})::DECIMAL(38, 0))::VARCHAR FROM public.{facts.table}"
        ).fetchone()
    rows, fingerprint = row if row else (0, "")
    return {"rows": rows, "fingerprint": fingerprint}
