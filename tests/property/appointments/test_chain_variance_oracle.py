"""The branches of a random month beside their chain, computed in fractions (DOMAIN §5.3, B5)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from statistics import fmean, pstdev
from typing import Any

import duckdb
import pytest

from tests.integration.warehouse.clinic import Clinic
from tests.integration.warehouse.rig import compiled_sql
from tests.property.appointments.oracle import Visit, read

# One warehouse for all of these.
OFFSET = timedelta(minutes=330)
Pair = tuple[int, int]


def periods(day: date) -> Iterator[tuple[str, date]]:
    yield "week", day - timedelta(days=day.weekday())
    yield "month", day.replace(day=1)


def counted(visit: Visit) -> Iterator[tuple[str, Pair]]:
    """The metrics that a visit has a say in: numerator and denominator."""
    if visit.booked is None or visit.status == "error":
        return
    cancelled_by_patient = visit.status == "cancelled" and visit.initiator == "patient"
    yield "cancel_rate_patient", (int(cancelled_by_patient), 1)
    left = cancelled_by_patient and visit.reason == "lwbs"
    if visit.status in ("noshow", "fulfilled", "checked-in") or left:
        yield "noshow_rate", (int(visit.status == "noshow"), 1)


def slices(month: Clinic) -> dict[tuple[str, str, date], dict[str, dict[str, Pair]]]:
    """(metric, period kind, period start) -> branch -> specialty -> numerator and denominator."""
    found: dict[Any, Any] = defaultdict(lambda: defaultdict(dict))
    for visit in read(month.events).visits.values():
        for metric, (numerator, denominator) in counted(visit):
            for period in periods((visit.start_at + OFFSET).date()):
                branch = found[(metric, *period)][visit.branch_id]
                before = branch.get(visit.specialty, (0, 0))
                branch[visit.specialty] = (before[0] + numerator, before[1] + denominator)
    return {key: dict(branches) for key, branches in found.items()}


def total(parts: dict[str, Pair]) -> Pair:
    return sum(one[0] for one in parts.values()), sum(one[1] for one in parts.values())


def expected_value(branch: dict[str, Pair], chain: dict[str, Pair]) -> Fraction:
    """What the branch would have with its own mix of specialties and the chain's rate in each."""
    parts = (Fraction(den * chain[name][0], chain[name][1]) for name, (_, den) in branch.items())
    return sum(parts, Fraction(0)) / total(branch)[1]


def test_every_branch_and_period_equals_the_oracle(warehouse: duckdb.DuckDBPyConnection, month: Clinic) -> None:
    cursor = warehouse.execute(
        "select * from mart_chain_variance where metric in ('noshow_rate', 'cancel_rate_patient')"
    )
    names = [column[0] for column in cursor.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    wanted = slices(month)
    assert len(rows) == sum(len(branches) for branches in wanted.values())
    for row in rows:
        branches = wanted[row["metric"], row["period_kind"], row["period_start_on"]]
        chain: dict[str, Pair] = {}
        for parts in branches.values():
            for name, (numerator, denominator) in parts.items():
                before = chain.get(name, (0, 0))
                chain[name] = (before[0] + numerator, before[1] + denominator)
        branch = branches[row["branch_id"]]
        assert (row["branch_num"], row["branch_den"]) == total(branch)
        assert (row["chain_num"], row["chain_den"]) == total(chain)
        assert row["expected_mix_adjusted"] == pytest.approx(float(expected_value(branch, chain)), abs=1e-12)
        values = sorted(Fraction(*total(parts)) for parts in branches.values())
        value = Fraction(*total(branch))
        assert row["rank"] == sorted(set(values)).index(value) + 1
        assert row["n_branches"] == len(values)
        assert row["is_small_n"] == (total(branch)[1] < 30)
        floats = [float(one) for one in values]
        if len(values) < 3 or pstdev(floats) == 0:
            assert row["z"] is None
        else:
            assert row["z"] == pytest.approx((float(value) - fmean(floats)) / pstdev(floats), abs=1e-9)


def test_the_wilson_vector(warehouse: duckdb.DuckDBPyConnection) -> None:
    """18 of 120; and a specialty in which nothing is decided has no rate."""
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as warehouse")
        connection.execute(
            "create table warehouse.main.mart_noshow_patterns as select * from (values"
            " ('t', 's1', 10, 70, 1), ('t', 's1', 8, 50, 2), ('t', 's2', 0, 0, 3), ('t', 's3', 2, 29, 4))"
            " as row(tenant_id, specialty_id, noshow_n, decided_n, last_seq)"
        )
        found = connection.execute(
            "select specialty_id, noshow_rate, wilson_low, wilson_high, relative_risk, is_suppressed"
            f" from ({compiled_sql('mart_noshow_by_specialty')}) order by specialty_id"
        ).fetchall()
    decided, undecided, few = found
    assert decided[1] == 0.15
    assert decided[2] == pytest.approx(0.0970381229, abs=1e-10) and decided[3] == pytest.approx(0.2246752936, abs=1e-10)
    assert math.isclose(decided[4], 0.15 / (20 / 149)) and decided[5] is False
    assert undecided[1:] == (None, None, None, None, True)
    assert few[5] is True
