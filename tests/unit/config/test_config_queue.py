"""[queue]: its defaults, its values, and each mistake."""

import re
from pathlib import Path

import pytest
from tests.unit.config.conftest import Load

from tidegate.config.settings import QueueSettings
from tidegate.errors import ConfigError


def test_every_key_is_carried_over(settings: Load) -> None:
    text = """
        [queue]
        workers = 32
        max_attempts = 1
        backoff = "1m"
        max_backoff = "2h"
        schema_limits = { sales = 1, "Web Shop" = 20 }
    """
    assert settings(text).queue == QueueSettings(32, 1, 60, 7200, {"sales": 1, "web shop": 20})
    assert settings("").queue == settings("[queue]").queue == QueueSettings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("workers = 0", "[queue] workers is 0, must be 1 to 32"),
        ("workers = 33", "[queue] workers is 33, must be 1 to 32"),
        ("max_attempts = 0", "[queue] max_attempts is 0, must be 1 or more"),
        ('backoff = "soon"', '[queue] backoff is "soon", must be a duration'),
        ('backoff = "2h"', "[queue] backoff is longer than max_backoff"),
        ("schema_limits = { sales = 0 }", "[queue] schema_limits.sales is 0, must be 1 or more"),
        ("schema_limits = 3", "[queue] schema_limits is 3, must be names with values"),
        ('schema_limits = { "" = 1 }', "[queue] schema_limits"),
        ("worker = 1", "[queue] unknown key worker, did you mean workers?"),
    ],
)
def test_a_mistake_is_one_sentence(settings: Load, tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(f'{tmp_path}/tidegate.toml: {message}')}"):
        settings(f"[queue]\n{text}")
