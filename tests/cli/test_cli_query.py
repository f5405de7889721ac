"""`tidegate query` on the embedded warehouse."""

from tests.cli.conftest import Cli


def rows(cli: Cli, sql: str) -> object:
    return cli.ok("query", sql, "--json").document["rows"]


def test_statements_run_one_after_the_other_in_one_session(cli: Cli) -> None:
    outcome = cli.ok(
        "query",
        "create table t (id bigint, name varchar(10)); insert into t values (1, 'a;b'), (20, null);"
        "set query_group to 'mine'; select id, name from t order by id; show query_group",
    )
    assert outcome.stdout.splitlines() == [
        "CREATE TABLE",
        "INSERT 2 rows",
        "SET",
        "id  name",
        "--  ----",
        " 1  a;b",
        "20  NULL",
        "(2 rows)",
        "",
        "query_group",
        "-----------",
        "mine",
        "(1 row)",
    ]


def test_values_as_json(cli: Cli) -> None:
    document = cli.ok(
        "query",
        "select 1 as one, 1.50::decimal(10,2) as amount, date '2020-03-01' as day, true as yes, null::int as nothing,"
        " timestamp '2020-03-01 04:05:06' as at, 'é' as text",
        "--json",
    ).document
    assert [column["name"] for column in document["columns"]] == [
        "one",
        "amount",
        "day",
        "yes",
        "nothing",
        "at",
        "text",
    ]
    assert [column["type"] for column in document["columns"][:4]] == ["integer", "numeric(10,2)", "date", "boolean"]
    assert document["rows"] == [[1, "1.50", "2020-03-01", True, None, "2020-03-01 04:05:06", "é"]]


def test_csv_from_stdin(cli: Cli) -> None:
    outcome = cli.ok("query", "--csv", stdin="select 1 as a, '' as b, null as c\n;\n")
    assert outcome.stdout == 'a,b,c\n1,"",\n'


def test_each_statement_commits_by_itself(cli: Cli) -> None:
    cli.ok("query", "create table t (a int)")
    failed = cli("query", "insert into t values (1); select nope from t; insert into t values (2)")
    assert failed.exit_code == 2
    assert failed.stderr.startswith('error: column "nope"')
    assert rows(cli, "select a from t") == [[1]]


def test_a_transaction_is_all_or_nothing(cli: Cli) -> None:
    cli.ok("query", "create table t (a int)")
    failed = cli("query", "begin; insert into t values (1); select nope from t; commit")
    assert failed.exit_code == 2
    assert rows(cli, "select a from t") == []
    cli.ok("query", "begin; insert into t values (1); insert into t values (2); commit")
    assert rows(cli, "select a from t order by a") == [[1], [2]]
    cli.ok("query", "begin; delete from t")
    assert rows(cli, "select count(*) from t") == [[2]]


def test_what_redshift_refuses_is_refused(cli: Cli) -> None:
    outcome = cli("query", "create index i on t (a)", "--json")
    assert outcome.exit_code == 2
    assert outcome.document["code"] == "sql.refused"


def test_relative_paths_in_sql_start_at_the_configuration(cli: Cli) -> None:
    (cli.folder / "numbers.csv").write_text("1,x\n2,y\n")
    (cli.folder / "elsewhere").mkdir()
    cli.monkeypatch.chdir(cli.folder / "elsewhere")
    cli.ok(
        "query",
        "create table t (a int, b char(1)); copy t from 'numbers.csv' iam_role default csv",
        "--config",
        "../tidegate.toml",
    )
    result = cli.ok("query", "select sum(a) from t", "--config", "../tidegate.toml", "--csv")
    assert result.stdout == "sum\n3\n"
    assert list((cli.folder / "elsewhere").iterdir()) == []
