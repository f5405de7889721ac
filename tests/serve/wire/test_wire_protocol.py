"""The messages themselves: portals, pipelines, skipping after an error, and what nobody may send."""

import struct

import pytest
from tests.serve.wire.endpoint import Endpoint
from tests.serve.wire.raw import (
    FLUSH,
    SYNC,
    bind,
    describe,
    error,
    execute,
    kinds,
    message,
    parse,
    query,
    raw_client,
    state,
)


def test_a_portal_is_read_in_parts(endpoint: Endpoint, schema: str) -> None:
    with raw_client(endpoint) as client:
        client.send(query("BEGIN"))
        assert state(client.until_ready()) == "T"
        client.send(parse(f"SELECT a FROM {schema}.t ORDER BY a"), bind(portal="p"), execute("p", 1), SYNC)
        assert kinds(client.until_ready()) == "12DsZ"
        client.send(execute("p", 5), SYNC)
        answered = client.until_ready()
        assert kinds(answered) == "DCZ"
        assert answered[1] == (b"C", b"SELECT\0")
        client.send(message(b"C", b"Pp\0"), execute("p"), SYNC)
        answered = client.until_ready()
        assert (kinds(answered), state(answered)) == ("3EZ", "E")
        assert error(answered)["C"] == "34000"


def test_a_portal_ends_with_its_transaction(endpoint: Endpoint) -> None:
    with raw_client(endpoint) as client:
        client.send(parse("SELECT 1"), bind(portal="p"), SYNC, execute("p"), SYNC)
        assert kinds(client.until_ready()) == "12Z"
        assert error(client.until_ready())["M"] == 'portal "p" does not exist'


def test_after_an_error_all_is_skipped_until_sync(endpoint: Endpoint) -> None:
    with raw_client(endpoint) as client:
        client.send(parse("SELECT nope"), bind(), describe(b"P"), execute(), parse("SELECT 2"), bind(), execute(), SYNC)
        answered = client.until_ready()
        assert (kinds(answered), state(answered)) == ("12EZ", "I")
        client.send(parse("SELECT 2"), bind(), execute(), SYNC)
        assert kinds(client.until_ready()) == "12DCZ"


def test_what_is_executed_before_one_sync_is_one_transaction(endpoint: Endpoint, schema: str) -> None:
    insert = parse(f"INSERT INTO {schema}.t VALUES ($1, 'x')", name="insert")
    with raw_client(endpoint) as client:
        client.send(insert, bind(b"3", name="insert"), execute(), bind(b"x", name="insert"), execute(), SYNC)
        answered = client.until_ready()
        assert (kinds(answered), state(answered), error(answered)["C"]) == ("12C2EZ", "I", "22P02")
        client.send(query(f"SELECT COUNT(*) FROM {schema}.t"))
        assert client.until_ready()[1][1].endswith(b"2")
        client.send(bind(b"3", name="insert"), execute(), bind(b"4", name="insert"), execute(), SYNC)
        assert kinds(client.until_ready()) == "2C2CZ"
    assert endpoint.warehouse.execute(f"SELECT COUNT(*) FROM {schema}.t").rows == ((4,),)


def test_a_flush_lets_a_statement_stand_alone(endpoint: Endpoint, schema: str) -> None:
    with raw_client(endpoint) as client:
        client.send(parse(f"VACUUM {schema}.t"), bind(), execute(), FLUSH)
        assert [client.receive()[0] for _ in range(3)] == [b"1", b"2", b"C"]
        client.send(SYNC)
        assert kinds(client.until_ready()) == "Z"


def test_descriptions(endpoint: Endpoint) -> None:
    with raw_client(endpoint) as client:
        client.send(parse("SELECT $1::INTEGER AS n, $2 AS v", "s", (23, 0)), describe(b"S", "s"), SYNC)
        parameters, columns = client.until_ready()[1:3]
        assert parameters == (b"t", struct.pack("!hii", 2, 23, 1043))
        assert columns[0] == b"T"
        assert struct.unpack("!h", columns[1][:2]) == (2,)
        client.send(parse("SET query_group TO 'x'"), describe(b"S"), SYNC)
        assert kinds(client.until_ready()) == "1tnZ"
        client.send(parse("-- nothing"), bind(), describe(b"P"), execute(), SYNC)
        assert kinds(client.until_ready()) == "12nIZ"
        client.send(query(" ; "))
        assert kinds(client.until_ready()) == "IZ"


@pytest.mark.parametrize(
    ("sent", "state"),
    [
        (parse("SELECT 1", "twice") + parse("SELECT 1", "twice"), "42P05"),
        (bind(name="absent"), "26000"),
        (execute("absent"), "34000"),
        (parse("SELECT $1") + bind(), "08P01"),
        (parse("SELECT $1", oids=(600,)) + bind(b"\0", formats=(1,)) + execute(), "0A000"),
        (parse("SELECT $1", oids=(20,)) + bind(b"\0", formats=(1,)), "22P03"),
        (parse("SELECT $1") + bind(b"\xff"), "22P03"),
        (parse("SELECT 'open"), "42601"),
    ],
)
def test_mistakes_in_extended_queries(endpoint: Endpoint, sent: bytes, state: str) -> None:
    with raw_client(endpoint) as client:
        client.send(sent, SYNC)
        assert error(client.until_ready())["C"] == state
        client.send(query("SELECT 1"))
        assert kinds(client.until_ready()) == "TDCZ"


@pytest.mark.parametrize("sent", [message(b"?"), b"Q" + struct.pack("!i", 3), b"Q" + struct.pack("!i", 2**31 - 1)])
def test_what_nobody_understands_ends_the_connection(endpoint: Endpoint, sent: bytes) -> None:
    with raw_client(endpoint) as client:
        client.send(sent)
        answered = [client.receive()]
        assert (answered[0][0], error(answered)["S"], error(answered)["C"]) == (b"E", "FATAL", "08P01")
        assert client.ended()


_LIMIT = 16 * 1024 * 1024


@pytest.mark.parametrize("over", [1, 1024 * 1024], ids=["by a byte", "by more than a message may hold"])
def test_a_statement_of_more_than_16_mb_is_refused_and_the_session_goes_on(endpoint: Endpoint, over: int) -> None:
    long = "SELECT 1".ljust(_LIMIT + over)
    told = f"Statement is too large. Statement Size: {len(long)} bytes. Maximum Allowed: {_LIMIT} bytes"
    with raw_client(endpoint) as client:
        client.send(query(long))
        answered = client.until_ready()
        assert (kinds(answered), error(answered)["C"], error(answered)["M"]) == ("EZ", "42601", told)
        client.send(parse(long), bind(), execute(), SYNC)
        answered = client.until_ready()
        assert (kinds(answered), error(answered)["M"].split(" Size")[0]) == ("EZ", told.split(" Size")[0])
        client.send(query(long[:_LIMIT]))
        assert kinds(client.until_ready()) == "TDCZ"


def test_function_calls_are_refused(endpoint: Endpoint) -> None:
    with raw_client(endpoint) as client:
        client.send(message(b"F", b"\0" * 8))
        assert error(client.until_ready())["C"] == "0A000"
