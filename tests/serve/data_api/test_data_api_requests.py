"""Signatures, limits, listings, and requests that are refused."""

import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError
from tests.serve.data_api.api import TARGET, Api, Clock, client_of, served
from tests.serve.data_api.test_data_api_statements import error_of

from tidegate.serve.data_api import results, statements
from tidegate.serve.data_api.endpoint import LARGEST_BODY


def status_of(error: pytest.ExceptionInfo[ClientError]) -> int:
    return int(error.value.response["ResponseMetadata"]["HTTPStatusCode"])


@pytest.mark.parametrize(
    ("keys", "code", "told"),
    [
        ({"aws_access_key_id": "AKIDOTHER"}, "UnrecognizedClientException", "security token"),
        ({"aws_secret_access_key": "guess"}, "InvalidSignatureException", "does not match"),
        ({"aws_session_token": "token"}, "UnrecognizedClientException", "security token"),
    ],
)
def test_keys_are_checked(api: Api, keys: dict[str, str], code: str, told: str) -> None:
    client = client_of(api.server, **keys)
    with pytest.raises(ClientError) as error:
        client.list_databases(**TARGET)
    client.close()
    assert (error_of(error)[0], status_of(error)) == (code, 403)
    assert told in error_of(error)[1]


def test_the_region_is_checked(api: Api) -> None:
    client = client_of(api.server, region="eu-west-1")
    with pytest.raises(ClientError) as error:
        client.list_databases(**TARGET)
    client.close()
    told = "Credential should be scoped to a valid region, not 'eu-west-1'. This server is in 'us-east-1'."
    assert (*error_of(error), status_of(error)) == ("InvalidSignatureException", told, 403)


def test_an_old_signature_is_refused(tmp_path: Path) -> None:
    clock = Clock(real=time.time)
    with served(tmp_path, clock=clock) as api:
        clock.ahead = 400
        with pytest.raises(ClientError) as error:
            api.client.list_statements()
    assert error_of(error)[0] == "InvalidSignatureException"
    assert error_of(error)[1].startswith("Signature expired: ")


def test_a_changed_body_is_refused(api: Api) -> None:
    def tamper(request: Any, **_: Any) -> None:
        request.body = request.body.replace(b"SELECT 1", b"SELECT 2")

    client = client_of(api.server)
    client.meta.events.register("before-send.redshift-data.*", tamper)
    with pytest.raises(ClientError) as error:
        client.execute_statement(Sql="SELECT 1", **TARGET)
    client.close()
    assert error_of(error)[0] == "InvalidSignatureException"


def test_requests_without_a_signature_or_too_long(api: Api) -> None:
    answer = httpx.post(api.server.endpoint, content=b"{}", headers={"X-Amz-Target": "RedshiftData.ListStatements"})
    assert (answer.status_code, answer.json()["__type"]) == (403, "MissingAuthenticationTokenException")
    answer = httpx.post(api.server.endpoint, content=b"x" * (LARGEST_BODY + 1))
    assert (answer.status_code, answer.json()["__type"]) == (413, "RequestEntityTooLargeException")
    assert httpx.get(api.server.endpoint).status_code == 405


def test_an_operation_that_is_not_known(api: Api) -> None:
    def rename(params: dict[str, Any], **_: Any) -> None:
        params["headers"]["X-Amz-Target"] = "RedshiftData.DropEverything"

    client = client_of(api.server)
    client.meta.events.register("before-call.redshift-data.*", rename)
    with pytest.raises(ClientError) as error:
        client.list_statements()
    client.close()
    assert error_of(error)[0] == "UnknownOperationException"


@pytest.mark.parametrize(
    ("request_", "code", "told"),
    [
        ({"WorkgroupName": "other", "Database": "dev"}, "ResourceNotFoundException", "other"),
        ({"WorkgroupName": "local", "Database": "prod"}, "ValidationException", 'database "prod" does not exist'),
        ({"WorkgroupName": "local"}, "ValidationException", "Database must be given"),
        ({"Database": "dev"}, "ValidationException", "Either ClusterIdentifier or WorkgroupName"),
        ({**TARGET, "ClusterIdentifier": "local"}, "ValidationException", "not both"),
        ({**TARGET, "DbUser": "me"}, "ValidationException", "DbUser"),
        ({**TARGET, "ClientToken": "x" * 65}, "ValidationException", "length less than or equal to 64"),
        ({**TARGET, "SessionKeepAliveSeconds": 86_401}, "ValidationException", "less than or equal to 86400"),
        ({**TARGET, "ResultFormat": "XML"}, "ValidationException", "enum value set: [JSON, CSV]"),
        ({**TARGET, "Sql": "x" * 102_401}, "ValidationException", "longer than 102400 bytes"),
        ({**TARGET, "Sql": " "}, "ValidationException", "empty"),
    ],
)
def test_requests_that_are_refused(api: Api, request_: dict[str, Any], code: str, told: str) -> None:
    with pytest.raises(ClientError) as error:
        api.client.execute_statement(**({"Sql": "SELECT 1"} | request_))
    assert (error_of(error)[0], status_of(error)) == (code, 400)
    assert told in error_of(error)[1]


def test_more_statements_than_a_batch_takes(api: Api) -> None:
    assert api.batch(*["SELECT 1"] * 40)["Status"] == "FINISHED"
    with pytest.raises(ClientError) as error:
        api.batch(*["SELECT 1"] * 41)
    assert "at 'sqls' failed to satisfy constraint: Member must have length less than" in error_of(error)[1]


def test_a_cluster_with_a_user(api: Api) -> None:
    target = {"ClusterIdentifier": "local", "DbUser": "analyst", "Database": "dev", "WorkgroupName": None}
    asked = {name: value for name, value in target.items() if value}
    answer = api.client.execute_statement(Sql="SELECT CURRENT_USER", WaitTimeSeconds=20, **asked)
    assert api.ended(answer["Id"]).get("Error") is None
    assert (answer["ClusterIdentifier"], answer["DbUser"]) == ("local", "analyst")
    assert api.client.get_statement_result(Id=answer["Id"])["Records"] == [[{"stringValue": "analyst"}]]


def test_what_a_result_may_not_exceed(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    long = api.run("SELECT REPEAT('x', 65000) AS a, REPEAT('y', 2000) AS b")
    assert long["Status"] == "FAILED"
    assert "packet exceeds 65536 bytes" in long["Error"]
    monkeypatch.setattr(results, "LARGEST_RESULT", 100)
    many = api.run("SELECT REPEAT('x', 60) AS a UNION ALL SELECT REPEAT('y', 60)")
    assert many["Error"].startswith("ERROR: the query result exceeds 100 bytes")


def test_a_long_result_lies_on_disk_until_it_is_forgotten(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    id = api.run("SELECT REPEAT('x', 60000) AS a UNION ALL SELECT REPEAT('y', 60000)")["Id"]
    records = api.client.get_statement_result(Id=id)["Records"]
    assert sorted(field["stringValue"][0] + str(len(field["stringValue"])) for (field,) in records) == [
        "x60000",
        "y60000",
    ]
    monkeypatch.setattr(statements, "KEPT_STATEMENTS", 1)
    api.run("SELECT 1")
    with pytest.raises(ClientError) as error:
        api.client.describe_statement(Id=id)
    assert error_of(error) == ("ResourceNotFoundException", "Query does not exist.")


def test_too_many_active_statements(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.run("CREATE TABLE public.queue (a INTEGER)")
    writer = api.run("BEGIN", SessionKeepAliveSeconds=60)["SessionId"]
    api.run("INSERT INTO public.queue VALUES (1)", SessionId=writer)
    stuck = api.client.execute_statement(Sql="DELETE FROM public.queue", **TARGET)["Id"]
    with monkeypatch.context() as patched:
        patched.setattr(statements, "MOST_ACTIVE", 1)
        with pytest.raises(ClientError) as error:
            api.run("SELECT 1")
    assert error_of(error)[0] == "ActiveStatementsExceededException"
    api.run("ROLLBACK", SessionId=writer)
    assert api.ended(stuck)["Status"] == "FINISHED"


def test_statements_are_listed(api: Api) -> None:
    ids = [api.run(f"SELECT {n}", StatementName=f"listed {n}")["Id"] for n in range(3)]
    failed = api.batch("SELECT nope", StatementName="listed bad")["Id"]
    found = api.client.list_statements(StatementName="listed")["Statements"]
    assert [each["Id"] for each in found] == ids[::-1]
    assert found[0]["QueryString"] == "SELECT 2"
    every = api.client.list_statements(StatementName="listed", Status="ALL", MaxResults=3)
    assert [each["Id"] for each in every["Statements"]] == [failed, ids[2], ids[1]]
    assert every["Statements"][0]["QueryStrings"] == ["SELECT nope"]
    rest = api.client.list_statements(StatementName="listed", Status="ALL", NextToken=every["NextToken"])
    assert [each["Id"] for each in rest["Statements"]] == [ids[0]]


def test_databases_schemas_tables_and_columns_are_listed(api: Api) -> None:
    api.run("CREATE SCHEMA listing")
    api.run("CREATE TABLE listing.first (a INTEGER NOT NULL, b VARCHAR(7) DEFAULT 'x', c DECIMAL(9,2))")
    api.run("CREATE VIEW listing.second AS SELECT a FROM listing.first")
    assert api.client.list_databases(**TARGET)["Databases"] == ["dev"]
    assert api.client.list_schemas(SchemaPattern="list%", **TARGET)["Schemas"] == ["listing"]
    tables = api.client.list_tables(SchemaPattern="listing", **TARGET)["Tables"]
    assert [(t["schema"], t["name"], t["type"]) for t in tables] == [
        ("listing", "first", "TABLE"),
        ("listing", "second", "VIEW"),
    ]
    one = api.client.list_tables(SchemaPattern="listing", MaxResults=1, **TARGET)
    two = api.client.list_tables(SchemaPattern="listing", MaxResults=1, NextToken=one["NextToken"], **TARGET)
    assert [t["name"] for t in one["Tables"] + two["Tables"]] == ["first", "second"]
    assert "NextToken" not in two
    described = api.client.describe_table(Schema="listing", Table="first", **TARGET)
    columns = [(c["name"], c["typeName"], c["nullable"], c["length"], c["scale"]) for c in described["ColumnList"]]
    assert columns == [("a", "int4", 0, 0, 0), ("b", "varchar", 1, 7, 0), ("c", "numeric", 1, 0, 2)]
    assert described["ColumnList"][1]["columnDefault"] == "'x'"


def test_a_token_outlives_its_statement(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was forgotten does not run again."""
    api.run("CREATE TABLE public.forgotten (a INTEGER)")
    request = {"Sql": "INSERT INTO public.forgotten VALUES (1)", "ClientToken": "forgotten", **TARGET}
    id = api.ended(api.client.execute_statement(**request)["Id"])["Id"]
    with monkeypatch.context() as patched:
        patched.setattr(statements, "KEPT_STATEMENTS", 1)
        api.run("SELECT 1")
    assert api.client.execute_statement(**request)["Id"] == id
    assert api.rows("SELECT COUNT(*) FROM public.forgotten") == [[1]]
