"""One random month and its warehouse for all tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from tests.integration.warehouse.clinic import Clinic
from tests.integration.warehouse.rig import build_warehouse
from tests.property.appointments.month import Month


@pytest.fixture(scope="session")
def month() -> Clinic:
    return Month(seed=7).play(slots=60, appointments=420)


@pytest.fixture(scope="session")
def warehouse(month: Clinic) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = build_warehouse(month.events)
    yield connection
    connection.close()
