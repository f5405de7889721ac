"""Typed settings: what tidegate.toml says, resolved. Paths are absolute, secrets are kept apart."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tidegate.config.secret import Secret
from tidegate.model.notification import NotificationKind
from tidegate.model.policy import Policy
from tidegate.model.route import Route, TableRules

DEFAULT_QUERY_GROUP = "tidegate"


@dataclass(frozen=True)
class Aws:
    """How clients of AWS are made. None leaves it to the usual chain: environment, profile, instance role.

    `endpoint` replaces the service's own address: another S3 store, a VPC endpoint, a local Redshift.
    """

    region: str | None = None
    profile: str | None = None
    endpoint: str | None = None


@dataclass(frozen=True)
class S3Settings:
    """A lake on S3. `prefix` is empty or ends with `/`. `kms_key`: SSE-KMS with this key, else the bucket's default."""

    bucket: str
    prefix: str = ""
    aws: Aws = Aws()
    kms_key: str | None = None

    @property
    def uri(self) -> str:
        """`s3://bucket/prefix/`"""
        return f"s3://{self.bucket}/{self.prefix}"


@dataclass(frozen=True)
class DataApiSettings:
    """Redshift through its Data API: a serverless `workgroup`, or a `cluster` with `db_user` or `secret`.

    `secret` is the ARN or name of one in Secrets Manager. `statement_timeout` in seconds; None leaves it to the
    warehouse.
    """

    database: str
    workgroup: str | None = None
    cluster: str | None = None
    db_user: str | None = None
    secret: str | None = None
    aws: Aws = Aws()
    query_group: str = DEFAULT_QUERY_GROUP
    statement_timeout: float | None = None

    @property
    def address(self) -> str:
        """Names it in messages, without secrets."""
        return f"{self.workgroup or self.cluster}/{self.database}"


@dataclass(frozen=True)
class ConnectorSettings:
    """Redshift through its SQL endpoint (redshift_connector).

    Either `user` with `password` or `secret` (Secrets Manager, by ARN or name), or IAM: a serverless `workgroup`, or
    a `cluster` with `user` as its database user. `ca_file` is the PEM file that the server's certificate is checked
    against, else the certificates that the driver brings.
    """

    database: str
    host: str | None = None
    port: int = 5439
    user: str | None = None
    password: Secret | None = None
    secret: str | None = None
    workgroup: str | None = None
    cluster: str | None = None
    ca_file: Path | None = None
    aws: Aws = Aws()
    query_group: str = DEFAULT_QUERY_GROUP
    statement_timeout: float | None = None

    @property
    def address(self) -> str:
        """Names it in messages, without secrets."""
        return f"{self.host or self.workgroup or self.cluster}/{self.database}"


@dataclass(frozen=True)
class PostgresSettings:
    """A ledger on PostgreSQL. `iam`: the password is an RDS token, made anew for each connection.

    `sslmode` and `ca_file` as libpq takes them.
    """

    host: str
    database: str
    user: str
    port: int = 5432
    password: Secret | None = None
    iam: bool = False
    sslmode: str = "prefer"
    ca_file: Path | None = None
    aws: Aws = Aws()

    @property
    def address(self) -> str:
        """Names it in messages, without secrets."""
        return f"{self.host}:{self.port}/{self.database}"


@dataclass(frozen=True)
class EmbeddedSettings:
    """`path`: the DuckDB file. `base`: the folder that relative paths in SQL start from. `lake_root`: the local
    lake's folder, or None. `lock_timeout` in seconds. `memory_limit` as DuckDB writes it, e.g. `2GB`. `s3`: how
    s3:// addresses in SQL are reached.
    """

    path: Path
    base: Path
    lake_root: Path | None = None
    lock_timeout: float = 30.0
    memory_limit: str | None = None
    threads: int | None = None
    s3: Aws = Aws()

    @property
    def address(self) -> str:
        """Names it in messages."""
        return str(self.path)


@dataclass(frozen=True)
class QueueSettings:
    """How jobs are worked off. `schema_limits`: how many jobs of a schema run at once, over all workers.

    A try that failed is repeated after a random time of at most `backoff_seconds`, which doubles with each attempt up
    to `max_backoff_seconds`; after `max_attempts` the job is dead.
    """

    workers: int = 2
    max_attempts: int = 5
    backoff_seconds: float = 30.0
    max_backoff_seconds: float = 3_600.0
    schema_limits: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class SnsTopic:
    """A topic of SNS; its region stands in `arn`, and in `aws` again."""

    arn: str
    aws: Aws = Aws()


def url_address(url: Secret) -> str:
    """`slack://***`: all of a URL of apprise but its scheme may be secret."""
    return f"{url.reveal().partition('://')[0]}://***"


@dataclass(frozen=True)
class NotifySettings:
    """Who is told. `urls` are apprise's, and secret. `on`: of what. `digest_seconds`: what `watch` and `backfill` tell
    within this time is one message of each kind.
    """

    urls: tuple[Secret, ...] = ()
    topic: SnsTopic | None = None
    on: frozenset[NotificationKind] = frozenset((NotificationKind.SUCCESS, NotificationKind.ERROR))
    digest_seconds: float = 60.0

    @property
    def addresses(self) -> tuple[str, ...]:
        """The channels by names without secrets."""
        urls = map(url_address, self.urls)
        return (*urls, self.topic.arn) if self.topic else tuple(urls)


@dataclass(frozen=True)
class MetricsSettings:
    """Metrics go to `file`, or to standard output; neither: nowhere."""

    namespace: str = "Tidegate"
    file: Path | None = None
    stdout: bool = False


WarehouseSettings = EmbeddedSettings | DataApiSettings | ConnectorSettings
LakeSettings = Path | S3Settings
LedgerSettings = Path | PostgresSettings


@dataclass(frozen=True)
class Settings:
    """`lake` is a folder or an S3 prefix, `ledger` a SQLite file or a PostgreSQL database. `control_schema` holds the
    control tables. `routes`: the most specific first. `rules`: those of `[[check]]`. `prices_file` replaces packaged
    prices. `cold` is where a lake in a folder puts what is parked, None: beside it, `<lake>.cold`.
    """

    file: Path
    timezone: str
    warehouse: WarehouseSettings
    lake: LakeSettings
    ledger: LedgerSettings
    control_schema: str = "tidegate"
    external_schema: str = "tidegate_cold"
    glue_database: str = "tidegate"
    iam_role: str = "default"
    delete_grace_seconds: int = 86_400
    cold: Path | None = None
    policies: tuple[Policy, ...] = field(default=())
    routes: tuple[Route, ...] = field(default=())
    rules: tuple[TableRules, ...] = field(default=())
    queue: QueueSettings = field(default_factory=QueueSettings)
    notify: NotifySettings = field(default_factory=NotifySettings)
    metrics: MetricsSettings = field(default_factory=MetricsSettings)
    prices_file: Path | None = None

    @property
    def lake_address(self) -> str:
        """Names the lake in messages."""
        return self.lake.uri if isinstance(self.lake, S3Settings) else str(self.lake)

    @property
    def ledger_address(self) -> str:
        """Names the ledger in messages, without secrets."""
        return self.ledger.address if isinstance(self.ledger, PostgresSettings) else str(self.ledger)
