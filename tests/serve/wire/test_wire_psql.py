"""psql as the client: its own commands, scripts, parameters, mistakes and their repair."""

from tests.serve.wire.endpoint import Endpoint


def test_rows_and_several_statements_in_one_session(endpoint: Endpoint, schema: str) -> None:
    done = endpoint.psql(
        f"""
        SELECT * FROM {schema}.t ORDER BY a;
        CREATE TEMP TABLE mine AS SELECT a FROM {schema}.t;
        INSERT INTO mine VALUES (3); SELECT COUNT(*) FROM mine;
        SELECT 1.50::DECIMAL(10,2), TRUE, NULL, DATE '2020-01-02', 1.5::FLOAT, 'né';
        """
    )
    assert (done.stdout.splitlines(), done.stderr) == (["1|one", "2|", "3", "1.50|t||2020-01-02|1.5|né"], "")


def test_what_psql_shows_of_tables_and_databases(endpoint: Endpoint, schema: str) -> None:
    done = endpoint.psql(f"\\d {schema}.t\n\\dt {schema}.*\n\\l\n\\dn {schema}\n")
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith(("a|", "b|"))] == ["a|integer|||", "b|character varying(5)|||"]
    assert f"{schema}|t|table|tidegate" in lines
    assert [line for line in lines if line.startswith("dev|tidegate|UTF8|")]
    assert f"{schema}|tidegate" in lines


def test_what_psql_describes_at_length(endpoint: Endpoint, schema: str) -> None:
    done = endpoint.psql(
        f"CREATE VIEW {schema}.v AS SELECT a FROM {schema}.t;\nCOMMENT ON TABLE {schema}.t IS 'what';\n"
        f"\\d+ {schema}.t\n\\d+ {schema}.v\n\\dt+ {schema}.*\n"
    )
    assert (done.stdout.splitlines(), done.stderr) == (
        [
            *("a|integer||||plain||", "b|character varying(5)||||plain||", "a|integer||||plain|"),
            f"{schema}|t|table|tidegate|permanent|0 bytes|what",
        ],
        "",
    )
    shown = endpoint.psql(
        "SELECT pg_catalog.pg_get_viewdef(c.oid, true), pg_size_pretty(20480), E'a\\tb' FROM pg_class c "
        f"JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = '{schema}' AND c.relname = 'v';\n"
    )
    assert (shown.stdout, shown.stderr) == (f"SELECT a FROM {schema}.t;|20 kB|a\tb\n", "")


def test_what_psql_shows_of_users_functions_types_and_privileges(endpoint: Endpoint, schema: str) -> None:
    done = endpoint.psql(
        f"GRANT SELECT, INSERT ON {schema}.t TO ann WITH GRANT OPTION;\nGRANT UPDATE (b) ON {schema}.t TO PUBLIC;\n"
        f"GRANT DELETE ON {schema}.t TO GROUP staff;\n\\du\n\\df\n\\df+\n\\dT\n\\dT+\n\\dp {schema}.*\n"
    )
    assert (done.stdout.splitlines(), done.stderr) == (
        [
            "tidegate|Superuser, Create role, Create DB",
            f"{schema}|t|table|tidegate=arwdRxt/tidegate",
            *("ann=a*r*/tidegate", "group staff=d/tidegate|b:", "  =w/tidegate"),
        ],
        "",
    )


def test_command_tags(endpoint: Endpoint, schema: str) -> None:
    table = f"{schema}.u"
    done = endpoint.psql(
        f"CREATE TABLE {table} (a INTEGER);\nINSERT INTO {table} VALUES (1), (2), (3);\nUPDATE {table} SET a = 5 "
        f"WHERE a > 1;\nDELETE FROM {table} WHERE a = 5;\nBEGIN;\nTRUNCATE {table};\nCOMMIT;\nVACUUM {table};\n",
        "--no-psqlrc",
        "--set=QUIET=off",
    )
    tags = ["CREATE TABLE", "INSERT 0 3", "UPDATE 2", "DELETE 2", "BEGIN", "TRUNCATE TABLE", "COMMIT", "VACUUM"]
    assert (done.stdout.splitlines(), done.stderr) == (tags, "")


def test_bound_parameters(endpoint: Endpoint, schema: str) -> None:
    done = endpoint.psql(
        f"SELECT a, $2::VARCHAR(9) || 'x' FROM {schema}.t WHERE a = $1 \\bind 2 'it''s' \\g\n"
        f"SELECT b FROM {schema}.t WHERE a = $1 \\bind 1 \\g\n"
    )
    assert (done.stdout.splitlines(), done.stderr) == (["2|it'sx", "one"], "")


def test_prepare_and_execute(endpoint: Endpoint, schema: str) -> None:
    done = endpoint.psql(
        f"PREPARE q (INTEGER) AS SELECT b FROM {schema}.t WHERE a = $1;\nEXECUTE q (1);\nEXECUTE q (-1);\n"
        "DEALLOCATE q;\nEXECUTE q (1);\n"
    )
    assert done.stdout.splitlines() == ["one"]
    assert done.stderr.startswith('ERROR:  prepared statement "q" does not exist\n')


def test_a_mistake_aborts_the_transaction_until_it_ends(endpoint: Endpoint, schema: str) -> None:
    done = endpoint.psql(
        f"BEGIN;\nDELETE FROM {schema}.t;\nSELECT nope FROM {schema}.t;\nSELECT 1;\nCOMMIT;\n"
        f"SELECT COUNT(*) FROM {schema}.t;\n"
    )
    assert done.stdout.splitlines() == ["2"]
    errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    assert errors == [
        'ERROR:  column "nope" does not exist',
        "ERROR:  current transaction is aborted, commands ignored until end of transaction block",
    ]
    assert "HINT:  Send ROLLBACK, then run the whole transaction again." in done.stderr


def test_several_statements_of_one_request_are_one_transaction(endpoint: Endpoint, schema: str) -> None:
    both = f"DELETE FROM {schema}.t WHERE a = 1\\; SELECT nope;\nSELECT COUNT(*) FROM {schema}.t;\n"
    assert endpoint.psql(both).stdout.splitlines() == ["2"]
    ended = f"DELETE FROM {schema}.t WHERE a = 1\\; COMMIT\\; DELETE FROM {schema}.t\\; SELECT nope;\n"
    assert endpoint.psql(ended + f"SELECT a FROM {schema}.t;\n").stdout.splitlines() == ["2"]


def test_sqlstate_and_position_of_an_error(endpoint: Endpoint, schema: str) -> None:
    done = endpoint.psql(f"SELECT a FROM {schema}.t WHERE 'open\n;\n", "--set=VERBOSITY=verbose")
    assert "unterminated" in done.stderr
    done = endpoint.psql(f"SELECT * FROM {schema}.absent;\n", "--set=VERBOSITY=verbose")
    assert done.stderr.startswith(f'ERROR:  42P01: relation "{schema}.absent" does not exist')


def test_unload_and_copy_of_local_files(endpoint: Endpoint, schema: str) -> None:
    done = endpoint.psql(
        f"""
        UNLOAD ('SELECT a, b FROM {schema}.t') TO 'lake/{schema}/' IAM_ROLE default FORMAT PARQUET;
        SELECT pg_last_unload_count();
        CREATE TABLE {schema}.back (LIKE {schema}.t);
        COPY {schema}.back FROM 'lake/{schema}/' IAM_ROLE default FORMAT PARQUET;
        SELECT pg_last_copy_count();
        SELECT * FROM {schema}.back ORDER BY a;
        """
    )
    assert (done.stdout.splitlines(), done.stderr) == (["2", "2", "1|one", "2|"], "")


def test_copy_through_the_client_is_refused_by_name(endpoint: Endpoint, schema: str) -> None:
    done = endpoint.psql(f"\\copy {schema}.t FROM '/dev/null'\nSELECT COUNT(*) FROM {schema}.t;\n")
    assert done.stderr.startswith("ERROR:  COPY FROM STDIN is not supported by Redshift\nHINT:  Load files with COPY")
    assert done.stdout.splitlines() == ["2"]


def test_a_result_that_is_fetched_in_parts(endpoint: Endpoint, schema: str) -> None:
    """With FETCH_COUNT psql declares a cursor, or asks libpq for chunks."""
    done = endpoint.psql(
        f"SELECT a FROM {schema}.t ORDER BY a;\nSELECT COUNT(*) FROM {schema}.t;\n", "--set=FETCH_COUNT=1"
    )
    assert (done.stdout.splitlines(), done.stderr) == (["1", "2", "2"], "")
