"""The simulator's own arithmetic of fees and forfeits, on the figures that the domain gives."""

from __future__ import annotations

import pytest

from simulator.fees import Fees
from simulator.forfeits import half_up
from simulator.profile import load


class Payment:
    """What the fee table looks at."""

    def __init__(self, channel: str, mode: str, card_type: str = "") -> None:
        self.channel, self.mode, self.card_type = channel, mode, card_type


@pytest.mark.parametrize(
    ("payment", "amount", "expected"),
    [
        (Payment("gateway", "card", "credit"), 80_000, (1_600, 0)),
        (Payment("gateway", "card", "credit"), 250_000, (5_000, 900)),
        (Payment("gateway", "card", "debit"), 150_000, (600, 0)),
        (Payment("gateway", "netbanking"), 120_000, (1_500, 270)),
        (Payment("gateway", "wallet"), 99_900, (1_898, 342)),
        (Payment("pos", "card", "credit"), 345_678, (6_222, 1_120)),
        (Payment("gateway", "upi"), 80_000, (0, 0)),
    ],
)
def test_fees(payment: Payment, amount: int, expected: tuple[int, int]) -> None:
    assert Fees(load("tiny").fees).of(payment, amount) == expected


@pytest.mark.parametrize(
    ("held", "bps", "forfeit"),
    [(20_000, 0, 0), (20_000, 5_000, 10_000), (33_333, 5_000, 16_667), (20_001, 2_500, 5_000)],
)
def test_forfeits_are_rounded_once(held: int, bps: int, forfeit: int) -> None:
    assert half_up(held * bps, 10_000) == forfeit


def test_the_tax_inside_a_forfeit() -> None:
    assert 118_000 - half_up(118_000 * 10_000, 11_800) == 18_000
    assert 99_999 - half_up(99_999 * 10_000, 11_800) == 15_254
