"""Rules in a DynamoDB table, an item each, as the sample keeps them: schema_name is the hash key, table_name the range.

Only this module speaks to DynamoDB for them; the record of the changes of tables that people stream is another matter.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from tidegate.config.lifecycle.rows import FIELDS, KEYS, Row, known_field, row_of
from tidegate.config.lifecycle.rule_url import DynamoTable
from tidegate.errors import ConfigError, ObjectMissing, TidegateError, Unreachable

_CONFIG = Config(
    connect_timeout=10,
    read_timeout=60,
    retries={"mode": "standard", "total_max_attempts": 6},
    user_agent_extra="tidegate",
)
_REASONS = {
    "AccessDeniedException": (
        "access is denied",
        "Allow Scan and UpdateItem, to make it CreateTable.",
    ),
    "UnrecognizedClientException": ("the credentials are not valid", "Check the AWS credentials of this machine."),
    "InvalidSignatureException": ("the credentials are not valid", "Check the AWS credentials of this machine."),
    "ExpiredTokenException": ("the credentials have expired", "Sign in again."),
    "ProvisionedThroughputExceededException": ("DynamoDB asks for fewer requests", "Run the command again later."),
    "ThrottlingException": ("DynamoDB asks for fewer requests", "Run the command again later."),
}


class DynamoDbTable:
    """One table of rules. It is made, with on-demand capacity, when rules are written and it is missing."""

    keeps_checkpoints = True

    def __init__(self, table: DynamoTable) -> None:
        self._table = table

    @property
    def address(self) -> str:
        return self._table.address

    def read(self) -> tuple[list[Row], list[str]]:
        rows: list[Row] = []
        problems: list[str] = []
        with self._reported("read"):
            for page in self._client.get_paginator("scan").paginate(TableName=self._table.name, ConsistentRead=True):
                for item in page["Items"]:
                    row, problem = _row(item)
                    rows += [row] if row is not None else []
                    problems += [problem] if problem is not None else []
        return sorted(rows, key=lambda row: row.table), sorted(problems)

    def write(self, rules: Sequence[Mapping[str, str]]) -> None:
        with self._reported("write to"):
            self._make()
            for rule in rules:
                self._update(rule, [f for f in FIELDS if f not in KEYS and (f != "checkpoint" or rule.get(f))])

    def set_checkpoint(self, cells: Mapping[str, str], value: str) -> None:
        try:
            with self._reported("write to"):
                self._update({**cells, "checkpoint": value}, ["checkpoint"], if_there=True)
        except _Gone as error:
            raise ObjectMissing(
                f"the rule of {cells['schema_name']}.{cells['table_name']} is gone from {self.address}",
                hint="Run `tidegate policies import` again.",
            ) from error

    def _update(self, rule: Mapping[str, str], fields: Sequence[str], *, if_there: bool = False) -> None:
        names = {f"#{number}": field for number, field in enumerate(fields)}
        values = {f":{number}": {"S": rule.get(field, "")} for number, field in enumerate(fields)}
        condition = {"ConditionExpression": "attribute_exists(schema_name)"} if if_there else {}
        try:
            self._client.update_item(
                TableName=self._table.name,
                Key={key: {"S": rule[key]} for key in KEYS},
                UpdateExpression="SET " + ", ".join(f"#{number} = :{number}" for number in range(len(fields))),
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
                **condition,
            )
        except ClientError as error:
            if error.response["Error"].get("Code") == "ConditionalCheckFailedException":
                raise _Gone from error
            raise

    def _make(self) -> None:
        """Make the table where it is missing, and wait until it can be written to."""
        try:
            self._client.describe_table(TableName=self._table.name)
        except ClientError as error:
            if error.response["Error"].get("Code") != "ResourceNotFoundException":
                raise
            self._client.create_table(
                TableName=self._table.name,
                KeySchema=[
                    {"AttributeName": key, "KeyType": kind} for key, kind in zip(KEYS, ("HASH", "RANGE"), strict=True)
                ],
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in KEYS],
                BillingMode="PAY_PER_REQUEST",
            )
            self._client.get_waiter("table_exists").wait(TableName=self._table.name, WaiterConfig={"Delay": 1})

    @cached_property
    def _client(self) -> Any:
        aws = self._table.aws
        session = boto3.session.Session(profile_name=aws.profile, region_name=aws.region)
        return session.client("dynamodb", endpoint_url=aws.endpoint, config=_CONFIG)

    @contextmanager
    def _reported(self, verb: str) -> Iterator[None]:
        try:
            yield
        except (ClientError, WaiterError, BotoCoreError, ValueError) as error:
            raise self._failure(error, verb) from error

    def _failure(self, error: Exception, verb: str) -> TidegateError:
        what = f"cannot {verb} {self.address}"
        if not isinstance(error, ClientError):
            return Unreachable(
                f"{what}: {type(error).__name__}",
                hint="Check the network, and region, profile and endpoint of the address.",
            )
        code = error.response["Error"].get("Code", "")
        if code == "ResourceNotFoundException":
            return ConfigError(f"{what}: there is no such table", hint="Check its name, and the region.")
        reason, hint = _REASONS.get(code) or (f"{code}: {error.response['Error'].get('Message', '')}", "Look it up.")
        return Unreachable(f"{what}: {reason}", hint=hint)


class _Gone(Exception):
    """The item is not there."""


def _row(item: Mapping[str, Mapping[str, Any]]) -> tuple[Row | None, str | None]:
    """The rule of an item, or what is wrong with it."""
    cells: dict[str, str] = {}
    where = f"item {'.'.join(_text(item.get(key, {})) or '?' for key in KEYS)}"
    for name, value in item.items():
        field, text = known_field(name), _text(value)
        if field is None:
            return None, f"{where}: {name} is no field of a rule"
        if text is None:
            return None, f"{where}: {name} is of the type {next(iter(value), None)}, must be text or a number"
        cells[field] = text
    return row_of(where, cells), None


def _text(value: Mapping[str, Any]) -> str | None:
    """The text of a string, number, boolean or NULL."""
    match dict(value):
        case {"S": str(text)} | {"N": str(text)}:
            return text
        case {"BOOL": bool(flag)}:
            return "1" if flag else "0"
        case {"NULL": _}:
            return ""
    return None
