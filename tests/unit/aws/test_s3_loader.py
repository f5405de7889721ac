"""What a swapped handler makes of keys and of environment variables."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext

import pytest
from tests.unit.aws.lambdas import Context, log_lines
from tests.unit.formats.events import shapes

from tidegate.aws import s3_loader
from tidegate.aws.environment import Environment
from tidegate.aws.naming import routes
from tidegate.config.settings import Aws, DataApiSettings, S3Settings
from tidegate.errors import ConfigError, ForeignWarehouse, UsageError
from tidegate.flows.landing.delivered import EventOutcome
from tidegate.formats.events.landed import Delivery
from tidegate.formats.events.parse import parse_event
from tidegate.model.names import TableName
from tidegate.model.notification import Notification, NotificationKind
from tidegate.model.route import LoadMode

WORKGROUP = {"REDSHIFT_WORKGROUP": "orders", "AWS_REGION": "eu-west-1"}


@pytest.mark.parametrize(
    ("key", "match", "table"),
    [
        ("orders/summary 1.parquet", None, "orders"),
        ("Orders/2026/01/day=02/x.parquet", None, "orders"),
        ("order_items.parquet", None, "order_items"),
        ("raw/orders/1.parquet", "raw/{table}/*.parquet", "orders"),
        ("raw/orders-1.parquet", "raw/{table}-*.parquet, {table}/**/*.csv", "orders"),
        ("shop/orders/1.parquet", "{schema}/{table}/*.parquet", "orders"),
    ],
)
def test_a_key_names_a_table(key: str, match: str | None, table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIDEGATE_MATCH", raising=False)
    if match is not None:
        monkeypatch.setenv("TIDEGATE_MATCH", match)
    assert s3_loader.extract_table_name(key) == table


@pytest.mark.parametrize(
    ("key", "match", "message"),
    [
        ("2026/x.parquet", "", "2026/x.parquet: the table would be '2026', which is no plain name"),
        ("orders/x.txt", "", "no table takes orders/x.txt"),
        ("_tidegate/w1/load/1.parquet", "", "no table takes _tidegate/w1/load/1.parquet"),
        (
            "orders/x.parquet",
            "s3://landing/{table}.parquet",
            "TIDEGATE_MATCH is s3://landing/{table}.parquet, must be a pattern of",
        ),
        ("orders/x.parquet", "orders/*", "TIDEGATE_MATCH is orders/*, must be a pattern of keys with {table}"),
        ("orders/x.parquet", "{tables}/*", "TIDEGATE_MATCH holds {tables}, known are {table} and {schema}"),
    ],
)
def test_other_keys_are_refused(key: str, match: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIDEGATE_MATCH", match)
    with pytest.raises((UsageError, ConfigError)) as refused:
        s3_loader.extract_table_name(key)
    assert refused.value.message.startswith(message)
    assert refused.value.hint


def test_routes_are_those_of_the_tables_that_an_event_names() -> None:
    landed = [shapes.obj(key) for key in ("orders/1.parquet", "orders/2/3.parquet", "Shop.parquet", "a-b/1.parquet")]
    others = [shapes.obj(key) for key in ("read.me", "_tmp/1.parquet")]
    environment = Environment({"TIDEGATE_KEY_ORDERS": "id, day", "REDSHIFT_SCHEMA": "sales"})
    found, refused = routes(environment, parse_event(shapes.sqs(*(shapes.s3(one) for one in [*landed, *others]))))
    assert {(route.match, route.table, route.mode, route.key) for route in found} == {
        ("s3://landing/orders/**/*.parquet", TableName("sales", "orders"), LoadMode.UPSERT, ("id", "day")),
        ("s3://landing/Shop.parquet", TableName("sales", "shop"), LoadMode.APPEND, ()),
    }
    assert list(refused) == [3]


def test_a_workgroup_with_defaults() -> None:
    settings = Environment(WORKGROUP).settings("s3://landing")
    assert settings.warehouse == DataApiSettings("dev", workgroup="orders", aws=Aws("eu-west-1"))
    assert settings.lake == S3Settings("landing", aws=Aws("eu-west-1"))
    assert (settings.iam_role, settings.notify.topic, settings.routes) == ("default", None, ())


def test_a_cluster_with_everything() -> None:
    environment = Environment(
        {
            "REDSHIFT_CLUSTER_ID": "main",
            "REDSHIFT_DATABASE": "my db",
            "REDSHIFT_USER": "loader",
            "IAM_ROLE_ARN": "arn:aws:iam::123456789012:role/copy",
            "SNS_TOPIC_ARN": "arn:aws:sns:eu-west-1:123456789012:loads",
            "TIDEGATE_LAKE": "s3://lake/prod",
            "TIDEGATE_KEY": "id",
            "TIDEGATE_VERSION_COLUMN": "changed",
        }
    )
    lake = environment.lake("landing")
    assert lake == "s3://lake/prod"
    settings = environment.settings(lake)
    assert settings.warehouse == DataApiSettings("my db", cluster="main", db_user="loader")
    assert settings.iam_role == "arn:aws:iam::123456789012:role/copy"
    assert settings.notify.topic is not None
    assert {kind.value for kind in settings.notify.on} == {"upload", "success", "warning", "error"}
    assert settings.notify == type(settings.notify)(topic=environment.notify().topic, on=environment.notify().on)
    route = environment.direct(TableName("public", "t"))
    assert (route.mode, route.key, route.version) == (LoadMode.UPSERT, ("id",), "changed")


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({}, "neither REDSHIFT_WORKGROUP nor REDSHIFT_CLUSTER_ID is set"),
        ({**WORKGROUP, "REDSHIFT_CLUSTER_ID": "x"}, "REDSHIFT_WORKGROUP and REDSHIFT_CLUSTER_ID are both set"),
        (
            {"REDSHIFT_WORKGROUP": "No Such"},
            "the environment variables: [warehouse] url must be written as redshift-serverless://WORKGROUP/DATABASE",
        ),
        (
            {**WORKGROUP, "SNS_TOPIC_ARN": "loads"},
            'the environment variables: [notify] sns_topic is "loads", must be the ARN of a standard topic',
        ),
    ],
)
def test_mistakes_in_the_variables(variables: Mapping[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        Environment(variables).settings("s3://landing")
    assert wrong.value.message.startswith(message)
    assert wrong.value.hint


def test_an_event_without_files_opens_nothing() -> None:
    answer = s3_loader.lambda_handler(shapes.test_event(), Context())
    assert answer == {
        "statusCode": 200,
        "body": '{"files": 0, "rows": 0, "skipped": 0, "quarantined": 0, "tables": []}',
    }
    ours = shapes.s3(shapes.obj("_tidegate/w1/load/20200620-101502-a9a99f2f/0.parquet"))
    assert s3_loader.lambda_handler(ours, None) == answer
    assert s3_loader.lambda_handler(shapes.sqs("{"), Context()) == {"batchItemFailures": [{"itemIdentifier": "m0"}]}


def test_what_is_neither_loaded_nor_refused_is_a_line_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    gone = {"Records": [shapes.record(shapes.obj("orders/2.parquet"), name="ObjectRemoved:Delete")]}
    others = [shapes.s3(shapes.obj(key)) for key in ("orders/part-0000", "orders/_SUCCESS", "orders/a.csv")]
    answer = s3_loader.lambda_handler(shapes.sqs(gone, *others, "/x/orders/1.parquet"), Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m3"}]}
    why = "is not loaded: it is no object of S3 that ends as data does"
    assert [(line["level"], line["message"]) for line in log_lines(capsys)] == [
        ("INFO", "s3://landing/orders/2.parquet: ObjectRemoved:Delete does not land a file"),
        ("INFO", f"s3://landing/orders/part-0000 {why}"),
        ("INFO", f"/x/orders/1.parquet {why}"),
        ("ERROR", "no table takes orders/a.csv"),
    ]


def test_a_warehouse_that_cannot_be_opened_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Notification] = []
    monkeypatch.setattr(s3_loader, "_tell", told.append)
    for name in ("REDSHIFT_WORKGROUP", "REDSHIFT_WORKGROUP_NAME", "REDSHIFT_CLUSTER_ID"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigError) as missing:
        s3_loader.lambda_handler(shapes.s3(shapes.obj()), Context())
    (one,) = told
    assert (one.kind, one.failed, one.title) == (NotificationKind.ERROR, 1, "ERROR: the warehouse is not open")
    assert [problem.reason for problem in one.problems] == [missing.value.message]


def test_of_a_fifo_queue_nothing_overtakes_what_no_table_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Delivery] = []

    class Loader:
        def load_event(self, event: Delivery, routes: object) -> EventOutcome:
            given.append(event)
            return EventOutcome(event, ())

    monkeypatch.setattr(s3_loader, "_opened", lambda environment, bucket: nullcontext(Loader()))
    keys = ("orders/1.parquet", "bad-name/1.parquet", "orders/2.parquet")
    for fifo in (True, False):
        s3_loader.lambda_handler(shapes.sqs(*(shapes.s3(shapes.obj(key)) for key in keys), fifo=fifo), Context())
    assert [[message.error is None for message in delivery.messages] for delivery in given] == [
        [True, False, True],
        [True, True, True],
    ]


def test_a_topic_that_is_none(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("SNS_TOPIC_ARN", "loads")
    with pytest.raises(ConfigError, match=r"^SNS_TOPIC_ARN is 'loads', which is no ARN of a standard topic$"):
        s3_loader.send_notification("ERROR: x")
    monkeypatch.delenv("SNS_TOPIC_ARN")
    s3_loader.send_notification("ERROR: x")
    assert '"message": "ERROR: x"' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: s3_loader.create_redshift_table("t", {}),
            "the metadata of public.t has no columns with name and type",
        ),
        (
            lambda: s3_loader.create_redshift_table("t", {"columns": [{"name": "a"}]}),
            "the metadata of public.t has no columns with name and type",
        ),
        (
            lambda: s3_loader.create_redshift_table("t", {"columns": [{"name": "a", "type": "INTEGER"}]}),
            "it is not known where the lake is",
        ),
    ],
)
def test_calls_that_say_too_little(call: Callable[[], object], message: str) -> None:
    with pytest.raises((UsageError, ConfigError)) as told:
        call()
    assert told.value.message == message


class Opened:
    """Stands for an App."""

    closed = False

    def close(self) -> None:
        self.closed = True


def test_the_lake_of_another_bucket_is_refused_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Opened()
    monkeypatch.setattr(s3_loader, "_open", lambda environment, lake: app)
    with (
        pytest.raises(ForeignWarehouse, match=r"^the lake has no folder of warehouse w1$") as refused,
        s3_loader._opened(Environment({}), "another"),
    ):
        raise ForeignWarehouse("the lake has no folder of warehouse w1", hint="Check [lake] url.")
    assert refused.value.hint.startswith("Set TIDEGATE_LAKE to the lake of this warehouse")
    assert (s3_loader._apps.latest, app.closed) == ("s3://another", False)
    s3_loader._apps.drop("s3://another")
    assert app.closed
