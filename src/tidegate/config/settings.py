"""Typed settings: what tidegate.toml says, resolved. Paths are absolute, secrets are kept apart."""

from dataclasses import dataclass, field
from pathlib import Path

from tidegate.model.policy import Policy


@dataclass(frozen=True)
class EmbeddedSettings:
    """`path`: the DuckDB file. `base`: the folder that relative paths in SQL start from. `lake_root`: the local
    lake's folder, or None. `lock_timeout` in seconds. `memory_limit` as DuckDB writes it, e.g. `2GB`.
    """

    path: Path
    base: Path
    lake_root: Path | None = None
    lock_timeout: float = 30.0
    memory_limit: str | None = None
    threads: int | None = None


@dataclass(frozen=True)
class Settings:
    """`lake` and `ledger` are URLs or absolute paths as configured. `control_schema` holds the control tables."""

    file: Path
    timezone: str
    warehouse: EmbeddedSettings
    lake: Path
    ledger: Path
    control_schema: str = "tidegate"
    external_schema: str = "tidegate_cold"
    glue_database: str = "tidegate"
    iam_role: str = "default"
    delete_grace_seconds: int = 86_400
    policies: tuple[Policy, ...] = field(default=())
