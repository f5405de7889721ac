from collections.abc import Iterator

import pytest
from tests.serve.data_api.api import Api, served


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One server for all tests; each makes tables of its own names."""
    with served(tmp_path_factory.mktemp("served")) as api:
        yield api
