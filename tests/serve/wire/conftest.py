from collections.abc import Iterator
from itertools import count

import pytest
from tests.serve.wire.endpoint import Endpoint, running_endpoint

_numbers = count(1)


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """One server for all tests of a worker: use a schema of your own."""
    with running_endpoint(tmp_path_factory.mktemp("wire")) as running:
        yield running


@pytest.fixture
def schema(endpoint: Endpoint) -> str:
    """A new schema with the table `t (a INTEGER, b VARCHAR(5))`, which holds (1, 'one') and (2, NULL)."""
    name = f"wire{next(_numbers)}"
    with endpoint.warehouse.session() as session:
        session.execute(f"CREATE SCHEMA {name}")
        session.execute(f"CREATE TABLE {name}.t (a INTEGER, b VARCHAR(5))")
        session.execute(f"INSERT INTO {name}.t VALUES (1, 'one'), (2, NULL)")
    return name
