"""Addresses of services, taken apart. Texts of errors complete "url …" and never hold a password."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from urllib.parse import parse_qsl, unquote, urlsplit

_ENDPOINT = re.compile(r"https?://[^\s/?#@:]+(:\d{1,5})?/?")
REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d{1,2}")
_MAX_PORT = 65_535


@dataclass(frozen=True)
class Url:
    """`scheme://user:password@host:port/path?options`, percent-decoded; `path` without its first slash."""

    scheme: str
    host: str
    port: int | None
    user: str | None
    password: str | None
    path: str
    options: Mapping[str, str]


def scheme_of(url: str) -> str:
    """`postgresql` of `postgresql+psycopg://…`; empty when there is none."""
    return url.partition("://")[0].partition("+")[0].lower() if "://" in url else ""


def parse_url(url: str, form: str, options: Collection[str]) -> Url:
    """Take an address apart; `form` shows how it is written, `options` are those it may have.

    Raises:
        ValueError: it is none, lacks a host, or has an option that is unknown, empty or given twice.
    """
    try:
        parts = urlsplit(url)
        found = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError as error:
        raise ValueError(f"must be written as {form}") from error
    host, port = _host(parts.netloc), _port(parts.netloc, form)
    if not host or parts.fragment or any(c.isspace() or ord(c) < 32 for c in url):
        raise ValueError(f"must be written as {form}")
    return Url(
        scheme_of(url),
        host,
        port,
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
        unquote(parts.path.removeprefix("/")),
        _options(found, options),
    )


def _host(netloc: str) -> str:
    """The host as written: urlsplit would fold its case."""
    host = netloc.rpartition("@")[2]
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _port(netloc: str, form: str) -> int | None:
    """Never tells what stands there: after a slash in a password it may be the first part of that."""
    _, _, text = netloc.rpartition("@")[2].rpartition("]")[2].partition(":")
    if not text:
        return None
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"must be written as {form}")
    if not 1 <= int(text[:6]) <= _MAX_PORT:
        raise ValueError(f"has a port that is not 1 to {_MAX_PORT}")
    return int(text)


def _options(found: list[tuple[str, str]], known: Collection[str]) -> Mapping[str, str]:
    options: dict[str, str] = {}
    for name, value in found:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            end = f", did you mean {close[0]}?" if close else f"; known are {', '.join(sorted(known))}"
            raise ValueError(f"has the unknown option {name}{end}")
        if not value or name in options:
            raise ValueError(f"has the option {name} {'twice' if name in options else 'without a value'}")
        options[name] = value
    return options


def flag(url: Url, name: str) -> bool:
    """An option that is true or false; false when it is not there. Raises ValueError."""
    value = url.options.get(name, "false").lower()
    if value not in ("true", "false"):
        raise ValueError(f"has the option {name}, which must be true or false")
    return value == "true"


def check_endpoint(value: str) -> str:
    """An address of a service without credentials and path. Raises ValueError: it completes "endpoint is …, "."""
    match = _ENDPOINT.fullmatch(value)
    if match is None or int((match[1] or ":0")[1:]) > _MAX_PORT:
        raise ValueError('must be an address such as "https://s3.example.com"')
    return value.rstrip("/")


def aws_options(url: Url) -> tuple[str | None, str | None, str | None]:
    """Region, profile and endpoint among the options. Raises ValueError."""
    region, endpoint = url.options.get("region"), url.options.get("endpoint")
    if region is not None and REGION.fullmatch(region) is None:
        raise ValueError('has the option region, which must be a region such as "eu-west-1"')
    if endpoint is not None:
        try:
            endpoint = check_endpoint(endpoint)
        except ValueError as error:
            raise ValueError(f"has the option endpoint, which {error}") from error
    return region, url.options.get("profile"), endpoint
