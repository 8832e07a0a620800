"""The arithmetic of DOMAIN §2.3, with its golden vectors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mymedic.money import tax_inside
from mymedic.policies import (
    CancellationBody,
    DepositBody,
    ForfeitTier,
    NoshowEscalation,
    forfeit_and_refund,
    policy_id,
    required_deposit,
    tier_bps,
)

HOUR = 3600
PRICE = 80_000


@pytest.mark.parametrize(
    ("held", "eff_bps", "forfeit", "refund"),
    [
        (20_000, 0, 0, 20_000),
        (20_000, 5000, 10_000, 10_000),
        (33_333, 5000, 16_667, 16_666),
        (20_001, 2500, 5000, 15_001),
        (1, 5000, 1, 0),
    ],
)
def test_r_pol_2_golden_vectors(held: int, eff_bps: int, forfeit: int, refund: int) -> None:
    assert forfeit_and_refund(CancellationBody(), held, PRICE, eff_bps) == (forfeit, refund)


@pytest.mark.parametrize(
    ("total", "gst_bps", "net", "gst"),
    [(118_000, 1800, 100_000, 18_000), (99_999, 1800, 84_745, 15_254), (630_000, 500, 600_000, 30_000)],
)
def test_r_gst_1_golden_vectors(total: int, gst_bps: int, net: int, gst: int) -> None:
    assert tax_inside(total, gst_bps) == (net, gst)


@pytest.mark.parametrize(
    ("lead", "bps"),
    [
        (10**9, 0),
        (24 * HOUR, 0),
        (24 * HOUR - 1, 5000),
        (5 * HOUR, 5000),
        (4 * HOUR, 5000),
        (4 * HOUR - 1, 10_000),
        (0, 10_000),
        (-1, 10_000),
    ],
)
def test_the_default_tiers_24_h_4_h_and_0(lead: int, bps: int) -> None:
    assert tier_bps(CancellationBody(), lead) == bps


def test_the_price_as_base_never_reaches_beyond_what_is_held() -> None:
    body = CancellationBody(forfeit_base="price")
    assert forfeit_and_refund(body, 100_000, 80_000, 5000) == (40_000, 60_000)
    assert forfeit_and_refund(body, 20_000, 80_000, 5000) == (10_000, 10_000)
    assert forfeit_and_refund(body, 20_000, 0, 10_000) == (0, 20_000)


@pytest.mark.parametrize(
    ("body", "deposit"),
    [
        (DepositBody(), 0),
        (DepositBody(mode="fixed", fixed_paise=30_000), 30_000),
        (DepositBody(mode="fixed", fixed_paise=90_000), PRICE),
        (DepositBody(mode="bps", bps=5000), 40_000),
        (DepositBody(mode="bps", bps=1000, min_paise=10_000), 10_000),
        (DepositBody(mode="bps", bps=5000, max_paise=25_000), 25_000),
        (DepositBody(mode="bps", bps=5000, min_paise=10**9), PRICE),
        (DepositBody(mode="bps", bps=5000, channels=("phone",)), 0),
        (DepositBody(mode="bps", bps=5000, channels=("phone", "portal")), 40_000),
    ],
)
def test_what_is_asked_for_80_000_on_the_portal(body: DepositBody, deposit: int) -> None:
    assert required_deposit(body, PRICE, "portal", 0) == deposit


@pytest.mark.parametrize(
    ("mode", "noshows", "deposit"),
    [("bps", 1, 8000), ("bps", 2, 40_000), ("fixed", 2, 40_000), ("none", 1, 0), ("none", 2, 40_000)],
)
def test_whoever_did_not_come_twice_pays_the_higher_share(mode: str, noshows: int, deposit: int) -> None:
    body = DepositBody(
        mode=mode,  # type: ignore[arg-type]
        bps=1000,
        fixed_paise=8000,
        noshow_escalation=NoshowEscalation(threshold=2, bps=5000),
    )
    assert required_deposit(body, PRICE, "portal", noshows) == deposit


def test_a_lower_escalation_does_not_lower_the_deposit() -> None:
    body = DepositBody(mode="bps", bps=5000, noshow_escalation=NoshowEscalation(threshold=1, bps=1000))
    assert required_deposit(body, PRICE, "portal", 3) == 40_000


def test_a_scope_names_its_stream() -> None:
    assert policy_id("deposit") == "deposit-tenant"
    assert policy_id("deposit", city_id="cty_pune") == "deposit-city:cty_pune"
    assert policy_id("deposit", city_id="cty_pune", branch_id="brn_1") == "deposit-branch:brn_1"


@given(
    leads=st.lists(st.integers(1, 10**6), unique=True, max_size=5),
    shares=st.lists(st.integers(0, 10_000), min_size=6, max_size=6),
    one=st.integers(0, 10**6 + 1),
    two=st.integers(0, 10**6 + 1),
)
def test_cancelling_later_never_forfeits_less(leads: list[int], shares: list[int], one: int, two: int) -> None:
    ordered = [*sorted(leads, reverse=True), 0]
    body = CancellationBody(
        tiers=tuple(
            ForfeitTier(min_lead_seconds=lead, forfeit_bps=bps)
            for lead, bps in zip(ordered, sorted(shares), strict=False)
        )
    )
    assert tier_bps(body, min(one, two)) >= tier_bps(body, max(one, two))


@given(held=st.integers(0, 10**10), price=st.integers(0, 10**10), bps=st.integers(0, 10_000), on_price=st.booleans())
def test_forfeit_and_refund_are_what_is_held(held: int, price: int, bps: int, on_price: bool) -> None:
    """INV-A4, before it reaches an appointment."""
    body = CancellationBody(forfeit_base="price" if on_price else "deposit")
    forfeit, refund = forfeit_and_refund(body, held, price, bps)
    assert forfeit + refund == held and forfeit >= 0 and refund >= 0


@given(
    body=st.builds(
        DepositBody,
        mode=st.sampled_from(["none", "fixed", "bps"]),
        fixed_paise=st.integers(0, 10**7),
        bps=st.integers(0, 10_000),
        min_paise=st.integers(0, 10**6),
        max_paise=st.one_of(st.none(), st.integers(0, 10**7)),
    ),
    price=st.integers(0, 10**7),
    noshows=st.integers(0, 5),
)
def test_a_deposit_never_exceeds_the_price(body: DepositBody, price: int, noshows: int) -> None:
    assert 0 <= required_deposit(body, price, "portal", noshows) <= price
