"""[ledger] on PostgreSQL."""

from pathlib import Path

from tidegate.config.schema import LedgerSection
from tidegate.config.secret import Secret
from tidegate.config.settings import Aws, PostgresSettings
from tidegate.config.urls import aws_options, flag, parse_url

SCHEMES = ("postgresql", "postgres")
_FORM = "postgresql+psycopg://user@host:5432/database"
_OPTIONS = ("sslmode", "sslrootcert", "iam", "region", "profile")
_SSLMODES = ("disable", "prefer", "require", "verify-ca", "verify-full")
_ENCRYPTED = ("require", "verify-ca", "verify-full")


def postgres_settings(section: LedgerSection, folder: Path) -> PostgresSettings:
    """Raises ValueError: the address cannot be used, or keys contradict it; the text completes "url …"."""
    driver = section.url.partition("://")[0].partition("+")[2]
    if driver not in ("", "psycopg"):
        raise ValueError(f"must be written as {_FORM}")
    url = parse_url(section.url, _FORM, _OPTIONS)
    if url.user is None or not url.path or "/" in url.path:
        raise ValueError(f"must name a user and a database: {_FORM}")
    iam = flag(url, "iam")
    if url.password is not None and section.password is not None:
        raise ValueError("has a password, and there is the key password too: one of them is enough")
    password = section.password or url.password
    if iam and password is not None:
        raise ValueError("has iam=true, which takes no password")
    sslmode = url.options.get("sslmode", "verify-full" if iam else "prefer")
    if sslmode not in _SSLMODES:
        raise ValueError(f"has the option sslmode, which must be one of {', '.join(_SSLMODES)}")
    if iam and sslmode not in _ENCRYPTED:
        raise ValueError("has iam=true, which needs an encrypted connection: sslmode=verify-full")
    ca_file = url.options.get("sslrootcert")
    return PostgresSettings(
        host=url.host,
        database=url.path,
        user=url.user,
        port=url.port or 5432,
        password=None if password is None else Secret(password),
        iam=iam,
        sslmode=sslmode,
        ca_file=None if ca_file is None else folder / ca_file,
        aws=Aws(*aws_options(url)),
    )
