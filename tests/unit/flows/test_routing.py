"""Which route a file takes."""

from dataclasses import replace
from pathlib import Path

import pytest

from tidegate.config.routes import specificity
from tidegate.config.settings import EmbeddedSettings, S3Settings, Settings
from tidegate.flows.landing.routing import Router
from tidegate.model.names import TableName
from tidegate.model.route import Route

T = TableName("public", "t")
LOCAL = Settings(Path("/c/tidegate.toml"), "UTC", EmbeddedSettings(Path("/w"), Path("/")), Path("/lake"), Path("/l"))
BUCKET = replace(LOCAL, lake=S3Settings("cold", "prod/"))


def router(*routes: Route, settings: Settings = LOCAL, folder: Path | None = None) -> Router:
    ordered = tuple(sorted(routes, key=specificity, reverse=True))
    return Router(replace(settings, routes=ordered), folder)


def test_the_most_specific_route_takes_the_file() -> None:
    routes = router(Route("**/*.csv", T), Route("orders/*.csv", T), Route("orders/*.csv", T, name_pattern="^a"))
    taken = [routes.route(f"/lake/{key}") for key in ("x/1.csv", "orders/1.csv", "orders/a.csv")]
    assert [(r.match, r.name_pattern) for r in taken if r] == [
        ("**/*.csv", None),
        ("orders/*.csv", None),
        ("orders/*.csv", "^a"),
    ]


def test_a_table_is_taken_from_the_key() -> None:
    routes = router(Route("in/{schema}/{table}/*", None))
    route = routes.route("/lake/in/Shop/Orders/1.csv")
    assert route is not None
    assert route.table == TableName("shop", "orders")


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("or-ders/1.csv", "{table} would be 'or-ders', which is no plain name"),
        ('x"; drop/1.csv', "{table} would be 'x\"; drop', which is no plain name"),
        ("x" * 128 + "/1.csv", f"the name '{'x' * 128}' is longer than 127 bytes"),
        ("a/b/1.csv", "no route matches"),
        ("_tidegate/1.csv", "it belongs to Tidegate itself"),
        ("tidegate-doctor/1.csv", "it belongs to Tidegate itself"),
        ("w1/public/t/tg_batch=1/tg_period=2020-01-01/1.csv", "it belongs to Tidegate itself"),
    ],
)
def test_why_no_route_takes_a_file(key: str, reason: str) -> None:
    choice = router(Route("{table}/*.csv", None)).choose(f"/lake/{key}")
    assert (choice.route, choice.reason) == (None, reason)


@pytest.mark.parametrize("schema", ["tidegate", "tidegate_cold", "pg_catalog", "information_schema"])
def test_a_key_never_names_a_schema_that_is_not_for_files(schema: str) -> None:
    choice = router(Route("{schema}/{table}/*", None)).choose(f"/lake/{schema}/x/1.csv")
    assert choice.reason == f"the schema {schema} is not for files"


def test_archived_files_are_never_loaded_back() -> None:
    routes = router(Route("**/*.parquet", T))
    assert routes.route("/lake/w1/public/t/tg_batch=1/tg_period=2020-01-01/0.parquet") is None
    assert routes.route("/lake/w1/public/t/0.parquet") is not None


def test_two_routes_that_only_their_names_tell_apart() -> None:
    routes = router(Route("*.csv", T, name_pattern="a"), Route("*.csv", T, name_pattern="b"))
    assert routes.route("/lake/a.csv") == Route("*.csv", T, name_pattern="a")
    assert routes.choose("/lake/ab.csv").reason == "the routes *.csv and *.csv are equally specific"


def test_a_relative_route_starts_from_the_lake_in_a_bucket() -> None:
    routes = router(Route("orders/*", T), settings=BUCKET)
    assert routes.route("s3://cold/prod/orders/1.csv") is not None
    assert routes.route("s3://cold/orders/1.csv") is None
    assert routes.route("s3://other/prod/orders/1.csv") is None


def test_a_route_with_an_address_beats_a_relative_one() -> None:
    routes = router(Route("orders/*", T), Route("s3://cold/prod/**/*", T), settings=BUCKET)
    taken = routes.route("s3://cold/prod/orders/1.csv")
    assert taken is not None
    assert taken.match == "s3://cold/prod/**/*"


def test_a_folder_outside_of_the_lake_is_where_relative_routes_start_too() -> None:
    routes = router(Route("orders/*", T), folder=Path("/data/in"))
    assert routes.route("/data/in/orders/1.csv") is not None
    assert routes.route("/data/inner/orders/1.csv") is None
    assert routes.route("/lake/orders/1.csv") is not None
