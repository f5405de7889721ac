from tests.cli.conftest import Cli

POLICIES = """
[[archive]]
table = "public.orders"
column = "order_date"
granularity = "daily"
retention = 90
[[archive]]
table = "public.customers"
action = "copy"
priority = 7
"""


def test_check_shows_what_the_file_says(cli: Cli) -> None:
    cli.configure(POLICIES)
    assert cli.ok("config", "check").stdout.splitlines() == [
        f"{cli.folder}/tidegate.toml is correct",
        "  timezone   UTC",
        f"  warehouse  {cli.folder}/warehouse.duckdb",
        f"  lake       {cli.folder}/lake",
        f"  ledger     {cli.folder}/tidegate.sqlite",
        "  2 policies",
        "",
        "table             action   column      granularity  retention  priority",
        "----------------  -------  ----------  -----------  ---------  --------",
        "public.customers  copy                                                7",
        "public.orders     archive  order_date  daily               90       100",
    ]


def test_check_as_json(cli: Cli) -> None:
    cli.configure(POLICIES)
    assert cli.ok("config", "check", "--json").document == {
        "message_type": "result",
        "file": f"{cli.folder}/tidegate.toml",
        "timezone": "UTC",
        "warehouse": f"{cli.folder}/warehouse.duckdb",
        "lake": f"{cli.folder}/lake",
        "ledger": f"{cli.folder}/tidegate.sqlite",
        "notify": {"channels": [], "on": ["success", "error"], "digest_seconds": 60.0},
        "metrics": {"namespace": "Tidegate", "file": None},
        "policies": [
            {
                "table": "public.customers",
                "action": "copy",
                "column": None,
                "granularity": None,
                "retention": None,
                "priority": 7,
            },
            {
                "table": "public.orders",
                "action": "archive",
                "column": "order_date",
                "granularity": "daily",
                "retention": 90,
                "priority": 100,
            },
        ],
        "routes": [],
    }


ROUTES = """
[[load]]
match = "**/*.csv"
table = "public.rest"
[[load]]
match = "{table}/*.csv"
key = "id"
"""


def test_check_shows_the_routes_the_most_specific_first(cli: Cli) -> None:
    cli.configure(ROUTES)
    assert cli.ok("config", "check").stdout.splitlines()[6:] == [
        "",
        "2 routes",
        "",
        "match          table        mode    key  format",
        "-------------  -----------  ------  ---  -----------",
        "{table}/*.csv  by {table}   upsert  id   by the file",
        "**/*.csv       public.rest  append       by the file",
    ]
    limits = {"batch_files": 1000, "batch_bytes": 4_000_000_000, "batch_seconds": 60.0}
    assert cli.ok("config", "check", "--json").document["routes"] == [
        {"match": "{table}/*.csv", "table": None, "mode": "upsert", "key": ["id"], "format": None, **limits},
        {"match": "**/*.csv", "table": "public.rest", "mode": "append", "key": [], "format": None, **limits},
    ]


def test_check_says_which_route_a_file_takes_and_why(cli: Cli) -> None:
    cli.configure(ROUTES)
    assert cli.ok("config", "check", "--route", "orders/1.csv", "--route", "/tmp/1.csv").stdout.splitlines() == [
        f"{cli.folder}/lake/orders/1.csv: {{table}}/*.csv takes it into public.orders",
        "  * {table}/*.csv matches",
        "  - **/*.csv matches, but is less specific",
        "/tmp/1.csv: no route takes it, no route matches",
        "  - {table}/*.csv is relative to the lake, the file lies outside",
        "  - **/*.csv is relative to the lake, the file lies outside",
    ]
    assert cli.ok("config", "check", "--route", "x/y/1.csv", "--json").document == {
        "message_type": "route",
        "uri": f"{cli.folder}/lake/x/y/1.csv",
        "key": "x/y/1.csv",
        "match": "**/*.csv",
        "table": "public.rest",
        "mode": "append",
        "reason": "",
        "routes": [
            {"match": "{table}/*.csv", "matches": False, "reason": "differs"},
            {"match": "**/*.csv", "matches": True, "reason": "matches"},
        ],
    }


def test_check_opens_and_makes_nothing(cli: Cli) -> None:
    cli.ok("config", "check")
    assert [path.name for path in cli.folder.iterdir()] == ["tidegate.toml"]


def test_a_wrong_file_is_exit_3(cli: Cli) -> None:
    cli.configure("retention = 3\n")
    told = cli("config", "check")
    assert (told.exit_code, told.stdout) == (3, "")
    assert told.stderr == (
        f"error: {cli.folder}/tidegate.toml: [ledger] unknown key retention; known are password, url\n"
        "hint: Correct tidegate.toml, then run `tidegate config check`.\n"
    )
