"""Every mart equals the simulator's own books: cell by cell, at three as-of points, with every fault switched on."""

from __future__ import annotations

import pytest

from exports.warehouse import opened
from tests.e2e.truth import TABLES, booked, built, differences
from tests.worlds import World

CHAIN = "ten_tiny_chain"
POINTS = ("midpoint", "end", "settled")


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("table", TABLES)
def test_tiny_marts_equal_the_books(tiny_world: World, table: str, point: str) -> None:
    compare(tiny_world, table, point)


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("table", TABLES)
def test_demo_marts_equal_the_books(demo_world: World, table: str, point: str) -> None:
    compare(demo_world, table, point)


def test_what_was_done_offline_counts_from_when_it_is_known(tiny_world: World) -> None:
    """F38: by the doctor's clock it happened before the midpoint, by the store's after it."""
    point = tiny_world.as_of("midpoint")
    faults = booked(tiny_world.report.paths[CHAIN], "truth_fault")
    late = [row["entity_ids"][0] for row in faults if row["fault"] == "F38"]
    advised = "SELECT count(*) FROM fct_service_request WHERE list_contains(?, service_request_id) AND advised_at <= ?"
    counts = {}
    for known in ("midpoint", "settled"):
        with opened(tiny_world.warehouse(CHAIN, known)) as connection:
            (counts[known],) = connection.execute(advised, [late, point]).fetchone() or ()
    assert late
    assert counts == {"midpoint": 0, "settled": len(late)}


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
