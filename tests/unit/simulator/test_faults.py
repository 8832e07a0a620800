"""Every fault has places of its own, and an exact number of them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from mymedic.errors import Refused
from simulator.desk import SimulationError
from simulator.draws import Draws
from simulator.faults import LINE, NAMES, PAYER, Faults, chosen
from simulator.profile import load, names

MICRO = load(Path(__file__).with_name("micro.toml"))
TINY = load("tiny")
CHAIN = TINY.tenant[1]


def faults_of(enabled: str) -> Faults:
    return Faults(CHAIN.id, CHAIN.faults, chosen(enabled), TINY, Draws(7))


def test_the_profiles_name_known_faults_only() -> None:
    for name in names():
        for tenant in load(name).tenant:
            assert set(tenant.faults) <= set(NAMES)
    assert set(CHAIN.faults) == set(NAMES) - set(PAYER), "the tiny chain meets every fault that a chain can meet"
    assert set(PAYER) <= set(TINY.tenant[2].faults), "the tiny hospital meets those of its payers"


def test_names_are_chosen_by_word_or_list() -> None:
    assert chosen("none") == frozenset()
    assert chosen("all") == frozenset(NAMES)
    assert chosen("F01, F21") == {"F01", "F21"}
    with pytest.raises(Refused) as refusal:
        chosen("F01,F99")
    assert refusal.value.code == "VALIDATION_FAILED"


def test_a_cell_belongs_to_one_fault_whatever_is_switched_on() -> None:
    alone, together = faults_of("F03"), faults_of("all")
    days = [TINY.start_on + timedelta(days=day) for day in range(TINY.days)]

    cells = [(alone.cell(LINE, branch, on), together.cell(LINE, branch, on)) for branch in (0, 1) for on in days]

    assert all(one == other for one, other in cells)
    assert {one for one, _ in cells} == set(LINE)


def test_a_fault_is_wanted_until_its_count_is_reached() -> None:
    faults, on = faults_of("F12"), TINY.start_on + timedelta(days=13)

    assert faults.wants("F12", on) and not faults.wants("F20", on)
    with pytest.raises(SimulationError, match="F12"):
        faults.check_all_placed()
    faults.place("F12", leg="L1", expected="orphan_settlement", ids=["pay_x"])

    assert not faults.wants("F12", on)
    faults.check_all_placed()


def test_where_a_fault_lands_does_not_depend_on_the_others() -> None:
    alone, together = faults_of("F05"), faults_of("all")

    assert [alone.pick("F05", size) for size in range(1, 20)] == [together.pick("F05", size) for size in range(1, 20)]
    days = [TINY.start_on + timedelta(days=day) for day in range(TINY.days)]
    assert [alone.wants("F05", on) for on in days] == [together.wants("F05", on) for on in days]
