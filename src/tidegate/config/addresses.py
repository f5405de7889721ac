"""The addresses of warehouse, lake and ledger, as absolute paths.

Texts of errors never hold a whole address: it may carry a password. They complete "url …".
"""

from pathlib import Path
from urllib.parse import unquote, urlsplit

_LATER_WAREHOUSES = ("redshift", "redshift-serverless")
_LATER_LAKES = ("s3",)
_LATER_LEDGERS = ("postgresql", "postgres")


def warehouse_path(url: str, folder: Path) -> Path:
    """The DuckDB file of `duckdb:///relative` or `duckdb:////absolute`. Raises ValueError."""
    return _database(url, folder, "duckdb", _LATER_WAREHOUSES)


def ledger_path(url: str, folder: Path) -> Path:
    """The SQLite file of `sqlite:///relative` or `sqlite:////absolute`. Raises ValueError."""
    return _database(url, folder, "sqlite", _LATER_LEDGERS)


def lake_path(url: str, folder: Path) -> Path:
    """The folder of a path or of `file:///absolute`. Raises ValueError."""
    scheme = _scheme(url)
    _refuse(scheme, _LATER_LAKES)
    if not scheme:
        return _resolve(url, folder)
    if scheme != "file":
        raise ValueError(f"has the scheme {scheme}://, must be a folder or file://")
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost") or parts.query or parts.fragment:
        raise ValueError("must be written as file:///absolute/folder")
    return _resolve(unquote(parts.path), folder)


def _database(url: str, folder: Path, scheme: str, later: tuple[str, ...]) -> Path:
    found = _scheme(url)
    _refuse(found, later)
    start = f"{scheme}:///"
    if found != scheme or not url.startswith(start):
        raise ValueError(f"must be written as {start}relative/file or {start}/absolute/file")
    path = url.removeprefix(start)
    if "?" in path:
        raise ValueError("has options after a question mark, which this version does not know")
    if path == ":memory:":
        raise ValueError("must name a file, since data in memory would not outlive the command")
    resolved = _resolve(path, folder)
    if path.endswith("/") or resolved.is_dir():
        raise ValueError("must name a file, not a folder")
    return resolved


def _scheme(url: str) -> str:
    """`postgresql` of `postgresql+psycopg://…`; empty when there is none."""
    return url.partition("://")[0].partition("+")[0].lower() if "://" in url else ""


def _refuse(scheme: str, later: tuple[str, ...]) -> None:
    if scheme in later:
        raise ValueError(f"has the scheme {scheme}://, which is not supported by this version")


def _resolve(path: str, folder: Path) -> Path:
    if not path.strip():
        raise ValueError("is empty")
    if "\x00" in path:
        raise ValueError("holds a NUL character")
    if path.startswith("~"):
        raise ValueError('begins with "~", which is not expanded: write "${HOME}" instead')
    return (folder / path).resolve()
