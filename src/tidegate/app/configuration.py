"""The configuration, wherever it lies."""

import os
from pathlib import Path

from tidegate.config.extras import needing
from tidegate.config.remote import RemoteConfig
from tidegate.config.settings import Settings


def load_settings(config: Path | None) -> Settings:
    """As `config`, else TIDEGATE_CONFIG, else ./tidegate.toml says: a path, `s3://bucket/key` or `ssm://parameter`.

    Raises:
        ConfigError: it is missing or wrong.
        Unreachable: it lies elsewhere, and cannot be read.
    """
    from tidegate.config.loader import load

    return load(config, os.environ, _fetch)


def _fetch(place: RemoteConfig) -> str:
    with needing("aws", f"the configuration {place.address!r}"):
        from tidegate.rules.stored_config import read_config

    return read_config(place)
