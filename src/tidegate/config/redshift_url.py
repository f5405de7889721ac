"""[warehouse] for Redshift: the address and the keys that go with it."""

import re
from pathlib import Path

from tidegate.config.schema import WarehouseSection
from tidegate.config.secret import Secret
from tidegate.config.settings import DEFAULT_QUERY_GROUP, Aws, ConnectorSettings, DataApiSettings
from tidegate.config.urls import Url, aws_options, parse_url, scheme_of

SERVERLESS = "redshift-serverless"
PROVISIONED = "redshift"
SCHEMES = (PROVISIONED, SERVERLESS)
_FORMS = {
    PROVISIONED: "redshift://CLUSTER/DATABASE?region=…&user=…",
    SERVERLESS: "redshift-serverless://WORKGROUP/DATABASE?region=…",
}
_WORKGROUP = re.compile(r"[a-z0-9-]{3,64}")
_CLUSTER = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{0,62}")
"""Management guide, naming constraints."""

_OPTIONS = ("region", "profile", "endpoint", "user")
_DATA_API, _CONNECTOR = "data_api", "connector"


def redshift_settings(section: WarehouseSection, folder: Path) -> DataApiSettings | ConnectorSettings:
    """A host with a dot, or with a port, is an endpoint, reached by the connector; a name goes by the Data API.

    Raises:
        ValueError: the address cannot be used, or keys contradict it; the text completes "url …".
    """
    scheme = scheme_of(section.url)
    url = parse_url(section.url, _FORMS[scheme], _OPTIONS)
    if not url.path or "/" in url.path:
        raise ValueError(f"must name a database: {_FORMS[scheme]}")
    is_endpoint = "." in url.host or url.port is not None or url.host == "localhost"
    driver: str = section.driver or (_CONNECTOR if is_endpoint else _DATA_API)
    if driver == _CONNECTOR:
        return _connector(section, url, folder, is_endpoint)
    return _data_api(section, url, is_endpoint)


def _data_api(section: WarehouseSection, url: Url, is_endpoint: bool) -> DataApiSettings:
    if is_endpoint:
        raise ValueError(f"names a host, but the Data API takes a name: {_FORMS[url.scheme]}")
    for key in ("password", "ca_file"):
        if getattr(section, key) is not None:
            raise ValueError(f'goes by the Data API, which takes no {key}: set driver = "connector"')
    if url.password is not None:
        raise ValueError('goes by the Data API, which takes no password: set secret, or driver = "connector"')
    serverless = url.scheme == SERVERLESS
    if (_WORKGROUP if serverless else _CLUSTER).fullmatch(url.host) is None:
        raise ValueError(f"has a name that no {'workgroup' if serverless else 'cluster'} can have")
    return DataApiSettings(
        database=url.path,
        workgroup=url.host if serverless else None,
        cluster=None if serverless else url.host,
        db_user=_user(url),
        secret=section.secret,
        aws=_aws(url),
        query_group=section.query_group or DEFAULT_QUERY_GROUP,
        statement_timeout=section.statement_timeout,
    )


def _connector(section: WarehouseSection, url: Url, folder: Path, is_endpoint: bool) -> ConnectorSettings:
    password = section.password if section.password is not None else url.password
    if password is not None and section.secret is not None:
        raise ValueError("goes with both a password and a secret, one of them is enough")
    user = _user(url)
    if password is not None and user is None:
        raise ValueError("has a password, but no user")
    first, _, rest = url.host.partition(".")
    by_aws = not is_endpoint or rest.endswith(".amazonaws.com")
    return ConnectorSettings(
        database=url.path,
        host=url.host if is_endpoint else None,
        port=url.port or 5439,
        user=user,
        password=None if password is None else Secret(password),
        secret=section.secret,
        workgroup=first if by_aws and url.scheme == SERVERLESS else None,
        cluster=first if by_aws and url.scheme == PROVISIONED else None,
        ca_file=None if section.ca_file is None else folder / section.ca_file,
        aws=_aws(url),
        query_group=section.query_group or DEFAULT_QUERY_GROUP,
        statement_timeout=section.statement_timeout,
    )


def _user(url: Url) -> str | None:
    if url.user is not None and "user" in url.options:
        raise ValueError("names the user twice")
    return url.user or url.options.get("user")


def _aws(url: Url) -> Aws:
    return Aws(*aws_options(url))
