"""[notify] and [metrics]: their defaults, their values, and each mistake; a URL is never shown."""

import re
from pathlib import Path

import pytest
from tests.unit.config.conftest import Load

from tidegate.config.secret import Secret
from tidegate.config.settings import Aws, MetricsSettings, NotifySettings, SnsTopic
from tidegate.errors import ConfigError
from tidegate.model.notification import NotificationKind

ARN = "arn:aws:sns:eu-west-1:123456789012:loads"


def test_every_key_is_carried_over(settings: Load) -> None:
    text = f"""
        [notify]
        urls = "${{SLACK}}"
        sns_topic = "{ARN}"
        profile = "ops"
        endpoint = "http://127.0.0.1:4566"
        on = ["upload", "warning"]
        digest = "5m"
    """
    found = settings(text, environ={"SLACK": "slack://tokenA/tokenB"}).notify
    assert found == NotifySettings(
        (Secret("slack://tokenA/tokenB"),),
        SnsTopic(ARN, Aws("eu-west-1", "ops", "http://127.0.0.1:4566")),
        frozenset((NotificationKind.UPLOAD, NotificationKind.WARNING)),
        300,
    )
    assert "token" not in repr(found)
    assert settings("").notify == settings("[notify]").notify == NotifySettings()
    assert NotifySettings().on == {NotificationKind.SUCCESS, NotificationKind.ERROR}


def test_metrics_go_to_a_file_beside_the_configuration_or_to_standard_output(settings: Load, tmp_path: Path) -> None:
    assert settings('[metrics]\nnamespace = "Shop/Loads"\nfile = "m.jsonl"').metrics == MetricsSettings(
        "Shop/Loads", tmp_path / "m.jsonl"
    )
    assert settings('[metrics]\nfile = "-"').metrics == MetricsSettings("Tidegate", None, True)
    assert settings("").metrics == MetricsSettings()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[notify]\nurl = "a"', "[notify] unknown key url, did you mean urls?"),
        ('[notify]\nurls = ["slack://tokenA", "tokenB"]', "[notify] urls number 2 is no URL: write it as scheme://…"),
        ('[notify]\nurls = { a = "tokenB" }', "[notify] urls is ***, must be a list"),
        ("[notify]\nurls = [5]", "[notify] urls is ***, must be text in quotes"),
        ('[notify]\nurls = "${SLACK}"', "[notify] urls needs the environment variable SLACK, which is not set"),
        ('[notify]\nsns_topic = "loads"', '[notify] sns_topic is "loads", must be the ARN of a standard topic'),
        (f'[notify]\nsns_topic = "{ARN}.fifo"', "[notify] sns_topic is "),
        ('[notify]\non = ["errors"]', '[notify] on is "errors", must be "upload", "success", "warning" or "error"'),
        ('[notify]\ndigest = "soon"', '[notify] digest is "soon", must be a duration'),
        ('[notify]\nprofile = "ops"', "[notify] profile is only for sns_topic"),
        ('[metrics]\nnamespace = "AWS/S3"', '[metrics] namespace is "AWS/S3", must be letters, digits'),
        ('[metrics]\nfiles = "a"', "[metrics] unknown key files, did you mean file?"),
    ],
)
def test_a_mistake_is_one_sentence(settings: Load, tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(f'{tmp_path}/tidegate.toml: {message}')}") as caught:
        settings(text)
    assert "token" not in str(caught.value)
