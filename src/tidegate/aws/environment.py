"""Settings from environment variables alone, for functions that have no tidegate.toml."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from tidegate.errors import ConfigError

if TYPE_CHECKING:
    from tidegate.config.settings import NotifySettings, Settings
    from tidegate.model.names import TableName
    from tidegate.model.route import Route

_HINT = "Correct the environment variables of the function; docs/lambda.md lists them."
_MATCHES = "{table}/**/*.parquet,{table}.parquet"
_KEY = "TIDEGATE_KEY"
_NAMESPACE = "S3RedshiftPipeline"


@dataclass(frozen=True)
class Environment:
    """The variables of a loader of files into Redshift, under the names that loaders have for them."""

    variables: Mapping[str, str]

    @property
    def schema(self) -> str:
        """Where tables are."""
        return self._one("REDSHIFT_SCHEMA") or "public"

    @property
    def matches(self) -> Sequence[str]:
        """Patterns of keys with `{table}` in them, as `match` of [[load]] is written."""
        return _listed(self._one("TIDEGATE_MATCH") or _MATCHES)

    def lake(self, bucket: str | None) -> str | None:
        """The address of the lake: the bucket of the files where no other is named; None when neither is known."""
        return self._one("TIDEGATE_LAKE") or (None if bucket is None else f"s3://{bucket}")

    def settings(self, lake: str) -> "Settings":
        """What a tidegate.toml with the same values would say.

        Raises:
            ConfigError: a variable is missing, or holds what the configuration would not take.
        """
        from tidegate.config.loader import settings_of
        from tidegate.model.notification import NotificationKind

        topic = self._one("SNS_TOPIC_ARN")
        document: dict[str, object] = {
            "warehouse": {
                "url": self._warehouse(),
                "iam_role": self._one("REDSHIFT_IAM_ROLE_ARN", "IAM_ROLE_ARN") or "default",
                **self._given(secret="REDSHIFT_SECRET_ARN", schema="TIDEGATE_SCHEMA"),  # noqa: S106
            },
            "lake": {"url": lake, **self._given(region="AWS_REGION")},
            "ledger": {"url": f"sqlite:///{tempfile.gettempdir()}/tidegate.sqlite"},
            "metrics": {"namespace": self._one("TIDEGATE_METRICS_NAMESPACE") or _NAMESPACE},
        }
        if topic is not None:
            document["notify"] = {"sns_topic": topic, "on": [kind.value for kind in NotificationKind]}
        try:
            return settings_of(document, Path(tempfile.gettempdir()) / "environment")
        except ConfigError as error:
            raise ConfigError(f"the environment variables: {error.message.partition(': ')[2]}", hint=_HINT) from error

    def notify(self) -> "NotifySettings":
        """Who is told: the topic, of everything; nobody where none is set. Raises ConfigError."""
        from tidegate.config.notify_schema import NotifySection, notify_settings
        from tidegate.model.notification import NotificationKind

        topic = self._one("SNS_TOPIC_ARN")
        try:
            return notify_settings(NotifySection(sns_topic=topic, on=list(NotificationKind)))
        except ValueError as error:
            raise ConfigError(f"SNS_TOPIC_ARN is {topic!r}, which is no ARN of a standard topic", hint=_HINT) from error

    def direct(self, table: "TableName") -> "Route":
        """How the files of a table are loaded: by a key where one is named, else added."""
        from tidegate.app.loading import direct_route

        return direct_route(table, self.keys(table), version=self._one("TIDEGATE_VERSION_COLUMN"))

    def keys(self, table: "TableName") -> tuple[str, ...]:
        """The columns of the table's key; none is ever guessed."""
        return tuple(_listed(self._one(f"{_KEY}_{table.name.upper()}", _KEY) or ""))

    def _warehouse(self) -> str:
        workgroup = self._one("REDSHIFT_WORKGROUP", "REDSHIFT_WORKGROUP_NAME")
        cluster = self._one("REDSHIFT_CLUSTER_ID")
        if (workgroup is None) == (cluster is None):
            said = "neither REDSHIFT_WORKGROUP nor REDSHIFT_CLUSTER_ID is set"
            if workgroup is not None:
                said = "REDSHIFT_WORKGROUP and REDSHIFT_CLUSTER_ID are both set"
            raise ConfigError(said, hint="Set the one that names the warehouse.")
        options = self._given(region="AWS_REGION")
        if cluster is not None and self._one("REDSHIFT_SECRET_ARN") is None:
            options["user"] = self._one("REDSHIFT_USER") or "awsuser"
        scheme = "redshift" if workgroup is None else "redshift-serverless"
        database = quote(self._one("REDSHIFT_DATABASE") or "dev", safe="")
        return f"{scheme}://{workgroup or cluster}/{database}{f'?{urlencode(options)}' if options else ''}"

    def _given(self, **named: str) -> dict[str, str]:
        return {key: value for key, name in named.items() if (value := self._one(name)) is not None}

    def _one(self, *names: str) -> str | None:
        """The first of these that is set, and not empty."""
        return next((value for name in names if (value := self.variables.get(name, "").strip())), None)


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
