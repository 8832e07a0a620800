"""Chance repeats by name, and one entity's numbers never move another's."""

from __future__ import annotations

import pytest

from simulator.draws import Draws, Table


def test_a_table_gives_each_value_its_share_of_the_unit_line() -> None:
    table = Table([("a", 1), ("b", 2), ("never", 0), ("c", 1)])

    assert [table.at(unit) for unit in (0.0, 0.2499, 0.25, 0.7499, 0.75, 0.999999)] == ["a", "a", "b", "b", "c", "c"]


def test_a_table_without_a_weight_is_refused() -> None:
    with pytest.raises(ValueError, match="weight"):
        Table([("a", 0)])


def test_the_same_name_gives_the_same_numbers_and_another_name_others() -> None:
    draws = Draws(7)

    first = [draws.of("visit", "a").between(0, 10**9) for _ in range(2)]

    assert first[0] == first[1] == Draws(7).of("visit", "a").between(0, 10**9)
    assert first[0] != draws.of("visit", "b").between(0, 10**9)
    assert first[0] != Draws(8).of("visit", "a").between(0, 10**9)


def test_whole_numbers_stay_within_their_bounds() -> None:
    dice = Draws(1).of("bounds")

    assert {dice.between(3, 5) for _ in range(200)} == {3, 4, 5}
    assert {dice.rounded(2.5) for _ in range(200)} == {2, 3}
    assert {dice.rounded(4.0) for _ in range(50)} == {4}
