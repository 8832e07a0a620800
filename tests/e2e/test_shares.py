"""Shares of DOMAIN §10.2 that no single table of the model gives: intent, free slots and attendance make them together.

Only what had the time to become something counts: a window that goes on after the last day of the run is cut off.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from exports.warehouse import opened
from mymedic.clock import business_date
from tests.e2e.truth import booked
from tests.worlds import World

WINDOW, LAPSE = timedelta(days=30), timedelta(days=37)


@pytest.fixture(scope="module")
def last_day(demo_world: World) -> date:
    return business_date(demo_world.as_of("end"))


def sums(world: World, table: str, day: str, until: date) -> Counter[str]:
    """Every count of a table's books, over all tenants and the days up to one."""
    found: Counter[str] = Counter()
    for row in rows(world, table):
        if date.fromisoformat(row[day]) <= until:
            found.update({name: count for name, count in row.items() if name.endswith("_n")})
    return found


def rows(world: World, table: str) -> Iterator[dict[str, Any]]:
    for tenant_id in world.report.tenants:
        yield from booked(world.truth(tenant_id, "settled"), table)


def test_advice(demo_world: World, last_day: date) -> None:
    said = sums(demo_world, "mart_procedure_conversion", "advised_on", last_day - WINDOW)
    assert said["matured_n"] > 800
    assert said["converted_n"] / said["matured_n"] == pytest.approx(0.51, abs=0.05)
    assert said["accepted_n"] / (said["accepted_n"] + said["declined_n"]) == pytest.approx(0.64, abs=0.05)


def test_follow_ups(demo_world: World, last_day: date) -> None:
    """Who was seen before the window began, by chance, did not come in time: they count with those who lapsed."""
    came = sums(demo_world, "mart_followup_adherence", "due_on", last_day - LAPSE)
    assert came["due_n"] > 1000
    assert came["adherent_n"] / came["due_n"] == pytest.approx(0.56, abs=0.05)
    assert came["late_n"] / came["due_n"] == pytest.approx(0.12, abs=0.04)
    assert (came["lapsed_n"] + came["early_n"]) / came["due_n"] == pytest.approx(0.27, abs=0.08)
    assert came["declined_n"] / came["due_n"] == pytest.approx(0.05, abs=0.02)


def test_refunds_at_once(demo_world: World) -> None:
    """Of those that the gateway pays."""
    query = "SELECT speed, count(*) FROM fct_refund WHERE speed IS NOT NULL AND channel = 'gateway' GROUP BY speed"
    found: Counter[str] = Counter()
    for tenant_id in demo_world.report.tenants:
        with opened(demo_world.warehouse(tenant_id, "settled")) as connection:
            found.update(dict(connection.execute(query).fetchall()))
    assert found["instant"] / found.total() == pytest.approx(0.08, abs=0.04)
