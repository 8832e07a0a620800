"""The payer's money, and the end of a claim (C112 to C114, INV-C1)."""

from __future__ import annotations

from datetime import date

import pytest

from event_store.aggregates.claim.events import ClaimCancelled, ClaimClosed, ClaimSettled
from tests.scenario import Scenario
from tests.unit.event_store.claim.ward import (
    PAYER,
    TOTAL,
    after,
    cancel,
    claimed,
    close,
    decided,
    paid,
    preauthorised,
    query,
    reprocess,
    status,
    sums,
    told,
)
from tests.unit.event_store.clinic import FINANCE, refused

APPROVED = 4_850_000


def approved() -> Scenario:
    return after(claimed(), decided(APPROVED, TOTAL - APPROVED))


def settled(world: Scenario) -> tuple[str, int, int]:
    state = world.state("claim", "clm_1")
    assert state.approved_paise == state.settled_gross_paise + state.outstanding_paise
    return state.status, state.settled_gross_paise, state.outstanding_paise


def test_the_vector_of_inv_c1() -> None:
    """Approved 4850000, TDS 1000 bps: tds 485000, net 4365000."""
    world = approved()
    event = told(world, paid(APPROVED, tds_paise=None, net_paise=None), FINANCE)
    assert event == ClaimSettled(
        settlement_ref="ST-1",
        gross_paise=4_850_000,
        tds_paise=485_000,
        other_deduction_paise=0,
        net_paise=4_365_000,
        utr="UTRST1",
        paid_on=date(2026, 12, 1),
    )
    assert settled(world) == ("settled", APPROVED, 0)


def test_what_the_payer_says_it_kept_back_is_recorded_as_it_is() -> None:
    event = told(approved(), paid(1_000_000, tds_paise=20_000, other_deduction_paise=30_000, net_paise=950_000))
    assert (event.tds_paise, event.other_deduction_paise, event.net_paise, event.flags) == (20_000, 30_000, 950_000, ())


def test_payment_in_parts() -> None:
    world = after(approved(), paid(4_000_000))
    assert settled(world) == ("partially_settled", 4_000_000, 850_000)
    assert refused(world, paid(850_001, "ST-2"), FINANCE).code == "SETTLEMENT_EXCEEDS_APPROVED"
    told(world, paid(850_000, "ST-2"), FINANCE)
    assert settled(world) == ("settled", APPROVED, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        paid(1000, net_paise=901),
        paid(1000, tds_paise=1001, net_paise=0),
        paid(1000, tds_paise=None),
        paid(1000, net_paise=None),
    ],
)
def test_a_payers_settlement_adds_up_inv_c1(wrong: object) -> None:
    assert refused(approved(), wrong, PAYER).code == "VALIDATION_FAILED"  # type: ignore[arg-type]


def test_deductions_above_the_gross() -> None:
    too_much = paid(1000, tds_paise=None, net_paise=None, other_deduction_paise=901)
    assert refused(approved(), too_much, FINANCE).code == "VALIDATION_FAILED"


def test_no_more_than_approved_unless_the_payer_itself_says_so_r_cmd_7() -> None:
    assert refused(approved(), paid(APPROVED + 1), FINANCE).code == "SETTLEMENT_EXCEEDS_APPROVED"
    world = approved()
    event = told(world, paid(APPROVED + 10))
    assert (event.gross_paise, event.flags) == (APPROVED + 10, ("exceeds_approved",))
    assert settled(world) == ("settled", APPROVED + 10, -10)


def test_money_that_nobody_waits_for_r_cmd_7() -> None:
    world = claimed()
    assert refused(world, paid(10), FINANCE).code == "INVALID_STATE"
    assert told(world, paid(10)).flags == ("unexpected_state", "exceeds_approved")
    assert settled(world) == ("claim_submitted", 10, -10)
    assert status(after(world, decided(TOTAL))) == "partially_settled"


def test_money_while_the_rest_is_asked_for_again_r_cmd_7() -> None:
    world = after(approved(), reprocess(100_000))
    assert told(world, paid(APPROVED)).flags == ("unexpected_state",)
    assert settled(world) == ("reprocess_requested", APPROVED, 0)
    assert settled(after(world, decided(0, 100_000))) == ("settled", APPROVED, 0)


def test_a_settlement_that_comes_twice() -> None:
    world = after(approved(), paid(1000))
    assert world.when(paid(1000), actor=PAYER) == []
    assert refused(world, paid(1001), PAYER).code == "ALREADY_EXISTS"
    assert refused(world, paid(1000, utr="OTHER"), FINANCE).code == "ALREADY_EXISTS"


def test_a_settled_claim_is_closed_with_what_was_disallowed() -> None:
    world = after(approved(), paid(APPROVED))
    assert told(world, close()) == ClaimClosed(treatment="write_off", residual_paise=TOTAL - APPROVED)
    assert (status(world), sums(world)) == ("closed", (APPROVED, TOTAL - APPROVED, 0))


def test_a_rejected_claim_is_closed_whole() -> None:
    world = after(claimed(), decided(0, TOTAL))
    assert told(world, close("bill_patient")) == ClaimClosed(treatment="bill_patient", residual_paise=TOTAL)


def test_a_claim_that_was_paid_short_can_end() -> None:
    world = after(approved(), paid(APPROVED - 50))
    assert told(world, close()).residual_paise == TOTAL - APPROVED + 50


def test_what_was_paid_too_much_is_not_netted_off() -> None:
    world = after(approved(), paid(APPROVED + 10))
    assert told(world, close()).residual_paise == TOTAL - APPROVED


def test_only_what_is_settled_or_rejected_is_closed() -> None:
    for world in (preauthorised(), claimed(), approved(), after(approved(), reprocess(1)), after(claimed(), query())):
        assert refused(world, close(), FINANCE).code == "INVALID_STATE"


def test_money_after_the_end_r_cmd_7() -> None:
    world = after(approved(), paid(APPROVED), close())
    assert refused(world, paid(1, "ST-2"), FINANCE).code == "INVALID_STATE"
    assert told(world, paid(1, "ST-2")).flags == ("unexpected_state", "exceeds_approved")
    assert status(world) == "closed"


def test_a_claim_is_cancelled_before_money_came() -> None:
    for world in (claimed(), approved(), after(claimed(), query()), after(claimed(), decided(0, TOTAL))):
        assert told(world, cancel()) == ClaimCancelled(reason="patient pays")
        assert (status(world), world.state("claim", "clm_1").query_due_at) == ("cancelled", None)
    for world in (after(approved(), paid(1)), after(approved(), paid(APPROVED))):
        assert refused(world, cancel(), FINANCE).code == "INVALID_STATE"
