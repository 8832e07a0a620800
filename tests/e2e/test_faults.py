"""Faults are independent: each changes its own cells, and all together change exactly the union, by the sums."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from simulator.faults import NAMES, PASSING
from tests.e2e.faults import GRAIN, Cells, added_up, cells, changed, is_quotient, is_summed, is_told
from tests.e2e.truth import TABLES, booked, built, differences
from tests.worlds import World, make_world

POINTS = ("midpoint", "end", "settled")
# Deliveries and files that arrive twice, out of order, forged or at another's door: whatever is sent, nothing changes.
HARMLESS = {"F07", "F08", "F09", "F10", "F39"}

# One of each family: a gateway's row, a drawer, a wrong day at the desk.
SOME = ("F01", "F21", "F33")

Books = dict[str, Cells]


def books(world: World) -> Books:
    """Every cell that the books hold, by as-of point."""
    return {
        point: cells(
            {
                table: [row for tenant in world.report.tenants for row in booked(world.truth(tenant, point), table)]
                for table in GRAIN
            }
        )
        for point in POINTS
    }


@pytest.fixture(scope="session")
def flawless_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The profile `tiny` in which nothing goes wrong."""
    return make_world("tiny", tmp_path_factory.mktemp("flawless"), faults="none")


def alone(fault: str, flawless: World, home: Path) -> Books:
    """The cells that a fault changes when it is the only one."""
    before, after = books(flawless), books(make_world("tiny", home, faults=fault))
    return {point: changed(before[point], after[point]) for point in POINTS}


@pytest.fixture(scope="session")
def lone_faults(flawless_world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Books]:
    """For each fault switched on alone: the cells that it changes. A world for each takes minutes."""
    return {fault: alone(fault, flawless_world, tmp_path_factory.mktemp(fault)) for fault in NAMES}


@pytest.mark.parametrize("table", TABLES)
def test_a_flawless_world_equals_its_books(flawless_world: World, table: str) -> None:
    compare(flawless_world, table, "settled")


def test_a_few_faults_change_the_sum_of_what_each_changes(flawless_world: World, tmp_path: Path) -> None:
    """A sample of what `make test-faults` says of all of them."""
    flawless, several = books(flawless_world), books(make_world("tiny", tmp_path / "several", faults=",".join(SOME)))
    each = [alone(fault, flawless_world, tmp_path / fault) for fault in SOME]
    for point in POINTS:
        together = changed(flawless[point], several[point])
        assert {cell: amount for cell, amount in together.items() if is_summed(cell[2])} == added_up(
            [one[point] for one in each]
        )
    assert all(one["settled"] for one in each)


@pytest.mark.faults
@pytest.mark.parametrize("point", POINTS)
def test_all_faults_change_the_union_of_what_each_changes(
    tiny_world: World, flawless_world: World, lone_faults: dict[str, Books], point: str
) -> None:
    together = changed(books(flawless_world)[point], books(tiny_world)[point])
    alone = [lone_faults[fault][point] for fault in NAMES]
    assert {cell: amount for cell, amount in together.items() if is_summed(cell[2])} == added_up(alone)
    told = {cell for difference in alone for cell in difference if is_told(cell[2])}
    seen = {cell for cell in together if is_told(cell[2])}
    assert seen <= told
    assert all(is_quotient(column) for _, _, column in told - seen)


@pytest.mark.faults
def test_the_built_marts_differ_by_the_same_cells(
    tiny_world: World, flawless_world: World, lone_faults: dict[str, Books]
) -> None:
    together = changed(mart_cells(flawless_world, "settled"), mart_cells(tiny_world, "settled"))
    alone = [lone_faults[fault]["settled"] for fault in NAMES]
    assert {cell: amount for cell, amount in together.items() if is_summed(cell[2])} == added_up(alone)


@pytest.mark.faults
@pytest.mark.parametrize("fault", NAMES)
def test_a_fault_shows_unless_it_is_harmless(lone_faults: dict[str, Books], fault: str) -> None:
    assert bool(lone_faults[fault]["settled"]) == (fault not in HARMLESS)


@pytest.mark.faults
@pytest.mark.parametrize("fault", NAMES)
def test_one_fault_alone_equals_its_books(fault: str, tmp_path: Path) -> None:
    """When all money has come in; those that pass by themselves, when they are seen."""
    world = make_world("tiny", tmp_path, faults=fault)
    point = "midpoint" if fault in PASSING else "settled"
    for table in TABLES:
        compare(world, table, point)


def compare(world: World, table: str, point: str) -> None:
    for tenant_id in world.report.tenants:
        truth = booked(world.truth(tenant_id, point), table)
        columns = list(truth[0]) if truth else _columns(table)
        mart = built(world.warehouse(tenant_id, point), table, columns)
        assert differences(truth, mart)[:10] == [], f"{table} of {tenant_id} at {point}"


@cache
def _columns(table: str) -> list[str]:
    return list(GRAIN.get(table, ("tenant_id",)))


def mart_cells(world: World, point: str) -> Cells:
    """The same cells as `books`, read from the built warehouses."""
    tables = {}
    for table in GRAIN:
        rows = []
        for tenant_id in world.report.tenants:
            truth = booked(world.truth(tenant_id, point), table)
            if truth:
                rows += [
                    {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}
                    for row in built(world.warehouse(tenant_id, point), table, list(truth[0]))
                ]
        tables[table] = rows
    return cells(tables)
