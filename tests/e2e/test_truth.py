"""Every mart equals the simulator's own books: cell by cell, at three as-of points, with every fault switched on."""

from __future__ import annotations

import pytest

from tests.e2e.truth import TABLES, booked, built, differences
from tests.worlds import World

POINTS = ("midpoint", "end", "settled")


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("table", TABLES)
def test_tiny_marts_equal_the_books(tiny_world: World, table: str, point: str) -> None:
    compare(tiny_world, table, point)


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("table", TABLES)
def test_demo_marts_equal_the_books(demo_world: World, table: str, point: str) -> None:
    compare(demo_world, table, point)


def compare(world: World, table: str, point: str) -> None:
    seen = 0
    for tenant_id in world.report.tenants:
        truth = booked(world.truth(tenant_id, point), table)
        columns = list(truth[0]) if truth else ["tenant_id"]
        mart = built(world.warehouse(tenant_id, point), table, columns)
        assert differences(truth, mart)[:10] == [], f"{table} of {tenant_id} at {point}"
        seen += len(truth)
    # what takes weeks to be told is not told before everything has settled
    assert seen > 0 or point != "settled"
