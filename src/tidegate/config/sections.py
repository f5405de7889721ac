"""The sections [warehouse], [lake] and [ledger] as settings of a driver, and [queue]."""

import ipaddress
from collections.abc import Callable, Collection
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel

from tidegate.config import lake_url, ledger_url, redshift_url
from tidegate.config.addresses import cold_path, lake_path, ledger_path, warehouse_path
from tidegate.config.schema import LakeSection, LedgerSection, QueueSection, WarehouseSection
from tidegate.config.settings import (
    Aws,
    ConnectorSettings,
    DataApiSettings,
    EmbeddedSettings,
    PostgresSettings,
    QueueSettings,
    S3Settings,
)
from tidegate.config.urls import scheme_of

_T = TypeVar("_T")
_EMBEDDED_KEYS = ("memory_limit", "lock_timeout")
_REDSHIFT_KEYS = ("driver", "secret", "password", "ca_file", "query_group", "statement_timeout")
_S3_KEYS = ("region", "profile", "endpoint", "kms_key")
_POSTGRES_KEYS = ("password",)


def lake_settings(section: LakeSection, folder: Path) -> Path | S3Settings:
    """A folder, or a prefix in a bucket. Raises ValueError: it completes "[lake] "."""
    if scheme_of(section.url) in lake_url.SCHEMES:
        return _url(lambda: lake_url.s3_settings(section))
    _only(section, _S3_KEYS, "s3://")
    return _url(lambda: lake_path(section.url, folder))


def cold_settings(section: LakeSection, lake: Path | S3Settings, folder: Path) -> Path | None:
    """The folder for what is parked of a lake in a folder. Raises ValueError: it completes "[lake] "."""
    if isinstance(lake, S3Settings):
        _only(section, ("cold",), "a folder")
        return None
    try:
        return cold_path(section.cold, lake, folder)
    except ValueError as error:
        raise ValueError(f"cold {error}") from error


def ledger_settings(section: LedgerSection, folder: Path) -> Path | PostgresSettings:
    """A SQLite file, or a PostgreSQL database. Raises ValueError: it completes "[ledger] "."""
    if scheme_of(section.url) in ledger_url.SCHEMES:
        return _url(lambda: ledger_url.postgres_settings(section, folder))
    _only(section, _POSTGRES_KEYS, "postgresql://")
    return _url(lambda: ledger_path(section.url, folder))


def queue_settings(section: QueueSection) -> QueueSettings:
    return QueueSettings(
        section.workers, section.max_attempts, section.backoff, section.max_backoff, section.schema_limits
    )


def warehouse_settings(
    section: WarehouseSection, folder: Path, lake: Path | S3Settings
) -> EmbeddedSettings | DataApiSettings | ConnectorSettings:
    """A DuckDB file, or Redshift by one of its two ways. Raises ValueError: it completes "[warehouse] "."""
    if scheme_of(section.url) not in redshift_url.SCHEMES:
        _only(section, _REDSHIFT_KEYS, "Redshift")
        return EmbeddedSettings(
            path=_url(lambda: warehouse_path(section.url, folder)),
            base=folder,
            lake_root=lake if isinstance(lake, Path) else None,
            lock_timeout=section.lock_timeout,
            memory_limit=section.memory_limit,
            s3=lake.aws if isinstance(lake, S3Settings) else Aws(),
        )
    _only(section, _EMBEDDED_KEYS, "duckdb://")
    settings = _url(lambda: redshift_url.redshift_settings(section, folder))
    if isinstance(lake, Path) and not _is_local(settings):
        raise ValueError(f"url is a Redshift elsewhere, which cannot write into the folder {lake}: use a lake on s3://")
    return settings


def _is_local(settings: DataApiSettings | ConnectorSettings) -> bool:
    """Whether `tidegate serve` on this machine is meant, which reads and writes local folders."""
    endpoint = urlsplit(settings.aws.endpoint or "").hostname
    host = settings.host if isinstance(settings, ConnectorSettings) else endpoint
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _only(section: BaseModel, keys: Collection[str], kind: str) -> None:
    for key in keys:
        if key in section.model_fields_set:
            raise ValueError(f"{key} is only for {kind}")


def _url(read: Callable[[], _T]) -> _T:
    try:
        return read()
    except ValueError as error:
        raise ValueError(f"url {error}") from error
