"""Profiles are data: a base, what overrides it, and a sentence when something is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from mymedic.errors import Refused
from simulator.profile import load, names


def test_the_shipped_profiles_load_and_override_their_base() -> None:
    assert {"tiny", "demo"} <= set(names())
    tiny, demo = load("tiny"), load("demo")

    assert (tiny.seed, tiny.days, len(tiny.tenant)) == (7, 14, 3)
    assert (demo.seed, demo.days) == (42, 84)
    assert [tenant.kind for tenant in demo.tenant] == ["clinic", "chain", "hospital"]
    chain = demo.tenant[1]
    assert len(chain.branch) == 12
    assert len({branch.city for branch in chain.branch}) == 6
    assert 38 <= sum(len(branch.practitioners) for branch in chain.branch) <= 42
    assert demo.calendar == tiny.calendar


def test_walk_ins_are_part_of_the_bookings_of_the_same_day() -> None:
    booking = load("tiny").booking

    same_day = next(weight for lead, weight in booking.planned_lead().rows if lead == (0, 0))

    assert same_day == pytest.approx(4.0)


def test_a_small_city_pays_more_in_cash_and_all_shares_still_add_up() -> None:
    payment = load("tiny").payment

    small, large = payment.counter_in("T2"), payment.counter_in("T1")

    assert sum(weight for _, weight in small.rows) == pytest.approx(sum(weight for _, weight in large.rows))
    assert dict(small.rows)["cash", "drawer"] == pytest.approx(39.0)


def test_an_unknown_profile_names_those_there_are() -> None:
    with pytest.raises(Refused) as refusal:
        load("huge")
    assert refusal.value.code == "NOT_FOUND"
    assert "tiny" in refusal.value.message


def test_a_wrong_key_is_named(tmp_path: Path) -> None:
    path = tmp_path / "odd.toml"
    path.write_text('base = "model"\nseed = 1\ndays = 2\nmidpoint_day = 1\ntenant = []\n[bank]\nacount = "x"\n')

    with pytest.raises(Refused) as refusal:
        load(path)
    assert refusal.value.code == "VALIDATION_FAILED"
    assert "acount" in refusal.value.message
