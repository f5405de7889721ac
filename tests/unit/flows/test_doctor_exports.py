"""What exports to places outside of the lake need of AWS."""

from pathlib import Path
from typing import Any

from tidegate.config.settings import DataApiSettings, S3Settings, Settings
from tidegate.flows.doctor.access import caller_policy, role_policy
from tidegate.model.names import TableName
from tidegate.model.policy import Policy, UnloadOptions


def statements(document: Any) -> dict[str, tuple[list[str], list[str]]]:
    return {each["Sid"]: (each["Action"], each["Resource"]) for each in document["Statement"]}


def test_role_and_caller_may_reach_the_places_of_exports_and_no_other() -> None:
    policies = tuple(
        Policy(TableName("a", name), "day", unload=UnloadOptions(target=target))
        for name, target in (("b", "s3://other/cold/b/"), ("c", "s3://other/cold/c/"), ("d", None))
    )
    warehouse = DataApiSettings("dev", workgroup="shop")
    settings = Settings(Path(), "UTC", warehouse, S3Settings("lake"), Path(), policies=policies)
    places = ["arn:aws:s3:::other/cold/b/*", "arn:aws:s3:::other/cold/c/*"]
    role, caller = statements(role_policy(settings)), statements(caller_policy(settings))
    assert role["ExportBuckets"][1] == caller["ExportBuckets"][1] == ["arn:aws:s3:::other"]
    assert ("s3:PutObject" in role["Exports"][0], role["Exports"][1]) == (True, places)
    assert caller["Exports"] == (["s3:GetObject", "s3:DeleteObject"], places)
    without = Settings(Path(), "UTC", warehouse, S3Settings("lake"), Path())
    assert "Exports" not in statements(role_policy(without))
