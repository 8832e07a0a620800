"""The dbt project, parsed once for every rule about it."""

from __future__ import annotations

import pytest

from tests.architecture.warehouse import Project, parsed


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return parsed(tmp_path_factory.mktemp("dbt"))
