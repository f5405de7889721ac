"""What the lake tells of itself, and what follows from it: where it is, and with which key it is encrypted."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from tests.world import AS_OF, World

from tidegate.flows.context import Context
from tidegate.flows.doctor.checks import Check, Verdict
from tidegate.flows.doctor.probes import check_region
from tidegate.flows.plan import Request, plan_archive
from tidegate.flows.planned import archive_statements


class Saying:
    """A port that says something else of itself."""

    def __init__(self, port: Any, facts: dict[str, Any]) -> None:
        self._port = port
        self.capabilities = replace(port.capabilities, **facts)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._port, name)


@contextmanager
def saying(world: World, **facts: dict[str, Any]) -> Iterator[Context]:
    world.wrap = lambda port, name: Saying(port, facts[name]) if name in facts else port
    with world.context() as ctx:
        yield ctx


def region(world: World, lake: str | None, warehouse: str | None) -> Check:
    with saying(world, lake={"region": lake}, warehouse={"external_region": warehouse}) as ctx:
        return check_region(ctx)


def test_lake_and_warehouse_in_one_region(empty: World) -> None:
    found = region(empty, "eu-west-1", "eu-west-1")
    assert found == Check("region", Verdict.OK, "lake and warehouse are both in eu-west-1")


def test_lake_and_warehouse_in_two_regions(empty: World) -> None:
    assert region(empty, "us-east-1", "eu-west-1") == Check(
        "region",
        Verdict.FAILED,
        "the lake is in us-east-1, the warehouse in eu-west-1: its external tables cannot read there",
        "Use a bucket in eu-west-1.",
        exit_code=3,
    )


@pytest.mark.parametrize(("lake", "warehouse"), [(None, "eu-west-1"), ("eu-west-1", None)])
def test_a_region_that_is_not_known(empty: World, lake: str | None, warehouse: str | None) -> None:
    found = region(empty, lake, warehouse)
    assert (found.verdict, found.detail) == (Verdict.SKIPPED, "the region of lake or warehouse is not known")


@pytest.mark.parametrize(("key", "clause"), [("alias/cold", "KMS_KEY_ID 'alias/cold' ENCRYPTED"), (None, None)])
def test_what_is_unloaded_is_encrypted_with_the_key_of_the_lake(
    world: World, key: str | None, clause: str | None
) -> None:
    with saying(world, lake={"kms_key": key}) as ctx:
        planned = archive_statements(ctx, plan_archive(ctx, Request(as_of=AS_OF)))
        (unloaded,) = [each.sql for each in planned if each.step == "unload" and "UNLOAD (" in each.sql]
    found = [line for line in unloaded.split("\n") if "ENCRYPTED" in line or "KMS" in line]
    assert found == ([clause] if clause else [])
