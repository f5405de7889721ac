"""Which Redshift and which bucket: a tidegate.toml that was made for this purpose."""

from collections.abc import Mapping
from pathlib import Path

from live.site import check_target
from tidegate.config.loader import load
from tidegate.config.settings import Settings
from tidegate.errors import ConfigNotFound

CONFIG = "TIDEGATE_LIVE_CONFIG"


def configured(environment: Mapping[str, str]) -> Settings:
    """The settings of the file that TIDEGATE_LIVE_CONFIG names. Raises ConfigError."""
    path = environment.get(CONFIG)
    if not path:
        raise ConfigNotFound(
            f"{CONFIG} is not set",
            hint="Let it name a tidegate.toml with a workgroup or cluster, a bucket and an iam_role for this purpose.",
        )
    settings = load(Path(path), environment)
    check_target(settings)
    return settings
