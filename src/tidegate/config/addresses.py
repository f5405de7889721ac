"""The addresses of embedded warehouse, local lake and SQLite ledger, as absolute paths.

Texts of errors never hold a whole address: it may carry a password. They complete "url …".
"""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from tidegate.config.urls import scheme_of


def warehouse_path(url: str, folder: Path) -> Path:
    """The DuckDB file of `duckdb:///relative` or `duckdb:////absolute`. Raises ValueError."""
    return _database(url, folder, "duckdb", "redshift-serverless://… or redshift://…")


def ledger_path(url: str, folder: Path) -> Path:
    """The SQLite file of `sqlite:///relative` or `sqlite:////absolute`. Raises ValueError."""
    return _database(url, folder, "sqlite", "postgresql://…")


def lake_path(url: str, folder: Path) -> Path:
    """The folder of a path or of `file:///absolute`. Raises ValueError."""
    scheme = scheme_of(url)
    if not scheme:
        return _folder(_resolve(url, folder))
    if scheme != "file":
        raise ValueError(f"has the scheme {scheme}://, must be a folder, file:// or s3://")
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost") or parts.query or parts.fragment:
        raise ValueError("must be written as file:///absolute/folder")
    return _folder(_resolve(unquote(parts.path), folder))


def _folder(path: Path) -> Path:
    if path.exists() and not path.is_dir():
        raise ValueError(f"names {path}, which is a file, must be a folder")
    return path


def cold_path(path: str | None, lake: Path, folder: Path) -> Path:
    """The folder for what is parked, beside the lake where none is named. Raises ValueError: completes "cold …"."""
    cold = lake.with_name(f"{lake.name}.cold") if path is None else _resolve(path, folder)
    if cold.is_relative_to(lake):
        raise ValueError(f"is the folder {cold}, which lies inside the lake {lake}")
    if lake.is_relative_to(cold):
        raise ValueError(f"is the folder {cold}, in which the lake {lake} lies")
    return cold


def _database(url: str, folder: Path, scheme: str, others: str) -> Path:
    start = f"{scheme}:///"
    if scheme_of(url) != scheme or not url.startswith(start):
        raise ValueError(f"must be written as {start}relative/file, {start}/absolute/file, {others}")
    path = url.removeprefix(start)
    if "?" in path:
        raise ValueError("has options after a question mark, which this version does not know")
    if path == ":memory:":
        raise ValueError("must name a file, since data in memory would not outlive the command")
    resolved = _resolve(path, folder)
    if path.endswith("/") or resolved.is_dir():
        raise ValueError("must name a file, not a folder")
    return resolved


def _resolve(path: str, folder: Path) -> Path:
    if not path.strip():
        raise ValueError("is empty")
    if "\x00" in path:
        raise ValueError("holds a NUL character")
    if path.startswith("~"):
        raise ValueError('begins with "~", which is not expanded: write "${HOME}" instead')
    return (folder / path).resolve()
