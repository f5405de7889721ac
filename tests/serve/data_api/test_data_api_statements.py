"""ExecuteStatement, BatchExecuteStatement and what is told of them, through an unmodified boto3 client."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.serve.data_api.api import TARGET, Api

VALUES = """SELECT 1::SMALLINT AS a, 2 AS b, 3::BIGINT AS c, 1.50::DECIMAL(10,2) AS d, 0.5::FLOAT AS e, TRUE AS f,
    'né'::VARCHAR(5) AS g, '' AS h, NULL::INTEGER AS i, DATE '2020-01-02' AS j, TIMESTAMP '2020-01-02 03:04:05.5' AS k,
    TIMESTAMPTZ '2020-01-02 03:04:05+00' AS l, JSON_PARSE('[1]') AS m, FROM_HEX('c3a9') AS n"""


def error_of(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


def test_a_statement_from_submission_to_result(api: Api) -> None:
    submitted = api.client.execute_statement(Sql=VALUES, StatementName="values", **TARGET)
    described = api.ended(submitted["Id"])
    assert submitted["WorkgroupName"] == "local"
    assert (described["Status"], described["HasResultSet"], described["ResultRows"]) == ("FINISHED", True, 1)
    assert described["Duration"] > 0
    assert described["ResultSize"] > 0
    assert described["QueryString"] == VALUES
    assert described["RedshiftPid"] > 0
    assert described["RedshiftQueryId"] > 0
    result = api.client.get_statement_result(Id=submitted["Id"])
    assert result["Records"] == [
        [
            {"longValue": 1},
            {"longValue": 2},
            {"longValue": 3},
            {"stringValue": "1.50"},
            {"doubleValue": 0.5},
            {"booleanValue": True},
            {"stringValue": "né"},
            {"stringValue": ""},
            {"isNull": True},
            {"stringValue": "2020-01-02"},
            {"stringValue": "2020-01-02 03:04:05.5"},
            {"stringValue": "2020-01-02 03:04:05+00"},
            {"stringValue": "[1]"},
            {"stringValue": "c3a9"},
        ]
    ]
    types = [(c["name"], c["typeName"]) for c in result["ColumnMetadata"]]
    assert types[:6] == [("a", "int2"), ("b", "int4"), ("c", "int8"), ("d", "numeric"), ("e", "float8"), ("f", "bool")]
    assert types[9:13] == [("j", "date"), ("k", "timestamp"), ("l", "timestamptz"), ("m", "super")]
    assert (result["ColumnMetadata"][3]["precision"], result["ColumnMetadata"][3]["scale"]) == (10, 2)
    assert result["TotalNumRows"] == 1
    assert "NextToken" not in result


def test_changes_are_counted_and_have_no_result(api: Api) -> None:
    api.run("CREATE TABLE public.counted (a INTEGER)")
    inserted = api.run("INSERT INTO public.counted VALUES (1), (2), (3)")
    assert (inserted["ResultRows"], inserted["HasResultSet"]) == (3, False)
    with pytest.raises(ClientError) as error:
        api.client.get_statement_result(Id=inserted["Id"])
    assert error_of(error)[0] == "ResourceNotFoundException"
    assert api.run("DELETE FROM public.counted WHERE a > 1")["ResultRows"] == 2


def test_a_failure_is_told_in_the_description(api: Api) -> None:
    failed = api.run("SELECT nope FROM public.nowhere")
    assert failed["Status"] == "FAILED"
    assert failed["Error"].startswith('ERROR: relation "public.nowhere" does not exist')
    with pytest.raises(ClientError) as error:
        api.client.get_statement_result(Id=failed["Id"])
    assert error_of(error)[0] == "ResourceNotFoundException"


def test_a_batch_is_one_transaction(api: Api) -> None:
    api.run("CREATE TABLE public.batched (a INTEGER)")
    done = api.batch("INSERT INTO public.batched VALUES (1)", "SELECT a FROM public.batched")
    assert (done["Status"], done["HasResultSet"], done["ExecutionMode"]) == ("FINISHED", True, "TRANSACTION")
    parts = done["SubStatements"]
    assert [p["Id"] for p in parts] == [f"{done['Id']}:1", f"{done['Id']}:2"]
    assert [p["HasResultSet"] for p in parts] == [False, True]
    assert api.client.get_statement_result(Id=parts[1]["Id"])["Records"] == [[{"longValue": 1}]]
    assert api.client.describe_statement(Id=parts[0]["Id"])["ResultRows"] == 1
    failed = api.batch("DELETE FROM public.batched", "SELECT nope FROM public.batched", "SELECT 1")
    assert failed["Status"] == "FAILED"
    assert failed["Error"].startswith('Query #2 failed with ERROR: column "nope" does not exist')
    assert failed["SubStatements"][1]["Error"].startswith('ERROR: column "nope" does not exist')
    assert [p["Status"] for p in failed["SubStatements"]] == ["FINISHED", "FAILED", "ABORTED"]
    assert api.rows("SELECT a FROM public.batched") == [[1]]


def test_what_cannot_stand_in_a_transaction(api: Api) -> None:
    api.run("CREATE TABLE public.alone (a INTEGER)")
    assert "transaction" in api.batch("SELECT 1", "VACUUM public.alone")["Error"]
    assert api.batch("SELECT 1", "VACUUM public.alone", ExecutionMode="AUTO_COMMIT")["Status"] == "FINISHED"
    assert api.run("VACUUM public.alone")["Status"] == "FINISHED"


def test_statements_that_commit_by_themselves(api: Api) -> None:
    api.run("CREATE TABLE public.each (a INTEGER)")
    done = api.batch(
        "INSERT INTO public.each VALUES (1)",
        "SELECT nope FROM public.each",
        "INSERT INTO public.each VALUES (2)",
        ExecutionMode="AUTO_COMMIT",
    )
    assert [p["Status"] for p in done["SubStatements"]] == ["FINISHED", "FAILED", "FINISHED"]
    assert (done["Status"], done["ExecutionMode"]) == ("FAILED", "AUTO_COMMIT")
    assert api.rows("SELECT a FROM public.each ORDER BY a") == [[1], [2]]


def test_parameters(api: Api) -> None:
    given = [{"name": "day", "value": "2020-01-02"}, {"name": "n", "value": "2"}]
    sql = "SELECT ':n' AS t, CAST(:day AS DATE) AS d WHERE 2 = :n::INTEGER /* :other */"
    assert api.rows(sql, Parameters=given) == [[":n", "2020-01-02"]]
    assert api.run(sql, Parameters=given)["QueryParameters"] == given
    missing = api.run("SELECT :day, :n", Parameters=given[:1])
    assert (missing["Status"], ":n" in missing["Error"]) == ("FAILED", True)
    with pytest.raises(ClientError) as error:
        api.run("SELECT :day", Parameters=given)
    assert error_of(error) == ("ValidationException", "Parameters not used in the statement: n")
    both = api.batch("SELECT :day AS d", "SELECT :n AS n", Parameters=given)
    assert both["Status"] == "FINISHED"


def test_a_token_submits_once(api: Api) -> None:
    api.run("CREATE TABLE public.once (a INTEGER)")
    request: dict[str, Any] = {"Sql": "INSERT INTO public.once VALUES (1)", "ClientToken": "once-1", **TARGET}
    first = api.client.execute_statement(**request)
    again = api.client.execute_statement(WaitTimeSeconds=20, **request)
    assert (again["Id"], again["CreatedAt"]) == (first["Id"], first["CreatedAt"])
    api.ended(first["Id"])
    assert api.client.execute_statement(**request)["Id"] == first["Id"]
    assert api.rows("SELECT COUNT(*) FROM public.once") == [[1]]
    with pytest.raises(ClientError) as error:
        api.client.execute_statement(**(request | {"Sql": "INSERT INTO public.once VALUES (2)"}))
    assert error_of(error)[0] == "ValidationException"
    assert "ClientToken" in error_of(error)[1]
    assert api.rows("SELECT COUNT(*) FROM public.once") == [[1]]


def test_pages_of_a_result(api: Api) -> None:
    api.run("CREATE TABLE public.paged (a INTEGER)")
    api.run(f"INSERT INTO public.paged VALUES {', '.join(f'({n})' for n in range(2500))}")
    id = api.run("SELECT a FROM public.paged ORDER BY a")["Id"]
    pages = list(api.client.get_paginator("get_statement_result").paginate(Id=id))
    assert [len(page["Records"]) for page in pages] == [1000, 1000, 500]
    assert [field["longValue"] for page in pages for (field,) in page["Records"]] == list(range(2500))
    assert {page["TotalNumRows"] for page in pages} == {2500}
    with pytest.raises(ClientError) as error:
        api.client.get_statement_result(Id=id, NextToken="3")
    assert error_of(error) == ("ValidationException", "The NextToken is not valid.")


def test_a_result_as_csv(api: Api) -> None:
    sql = "SELECT 1 AS a, 'x,\"y\"' AS b, NULL AS c, '' AS d UNION ALL SELECT 2, 'z', 'w', ' ' ORDER BY a"
    id = api.run(sql, ResultFormat="CSV")["Id"]
    result = api.client.get_statement_result_v2(Id=id)
    assert result["Records"] == [{"CSVRecords": '1,"x,""y""",,""\r\n2,z,w, \r\n'}]
    assert (result["TotalNumRows"], result["ResultFormat"]) == (2, "CSV")
    with pytest.raises(ClientError) as error:
        api.client.get_statement_result(Id=id)
    assert error_of(error) == ("ValidationException", "The result of this statement is in the CSV format.")


def test_an_empty_result_has_columns(api: Api) -> None:
    found = api.run("SELECT 1 AS a WHERE 1 = 2")
    result = api.client.get_statement_result(Id=found["Id"])
    assert (found["HasResultSet"], result["Records"], result["TotalNumRows"]) == (True, [], 0)
    assert [c["name"] for c in result["ColumnMetadata"]] == ["a"]
