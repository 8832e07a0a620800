"""Money that banks take back (C76 to C78)."""

from __future__ import annotations

import pytest

from event_store.aggregates.payment.commands import UpdateDispute
from event_store.aggregates.payment.events import (
    Deallocation,
    DepositForfeitReversed,
    DisputeOpened,
    DisputeResolved,
    DisputeUpdated,
    PaymentDeallocated,
    PaymentReversed,
    RefundRejected,
)
from mymedic.messages import Event
from tests.scenario import Scenario
from tests.unit.event_store.clinic import DEPOSIT, FINANCE
from tests.unit.event_store.payment.till import (
    GATEWAY,
    a_booking_desk,
    allocated,
    approved,
    captured,
    code_of,
    dispute,
    forfeited,
    initiated,
    opened,
    paid_out,
    requested,
    resolve,
    sent,
)

UPDATE = UpdateDispute(dispute_id="dsp_1", status="under_review", evidence_ref="letter_7")


def disputed(*history: Event, amount: int = DEPOSIT) -> Scenario:
    return captured(a_booking_desk()).given("payment", "pay_1", *history, opened(amount))


def lose(world: Scenario, deducted: int) -> tuple[list[Event], DisputeResolved]:
    *before, resolved = world.when(resolve("lost", deducted), actor=GATEWAY)
    assert isinstance(resolved, DisputeResolved)
    return before, resolved


def test_an_open_dispute_takes_nothing_yet_but_holds_it_r_pol_9() -> None:
    world = captured(a_booking_desk())
    (event,) = world.when(dispute(30_000), actor=GATEWAY)
    assert isinstance(event, DisputeOpened)
    state = world.state("payment", "pay_1")
    assert (state.status, state.available_paise, state.held_paise) == ("disputed", DEPOSIT, DEPOSIT - 30_000)
    assert world.when(dispute(30_000), actor=GATEWAY) == []


@pytest.mark.parametrize(("amount", "status"), [(DEPOSIT // 2, "partially_refunded"), (DEPOSIT, "refunded")])
def test_a_refunded_payment_is_disputed_and_what_it_was_again_when_that_is_won(amount: int, status: str) -> None:
    world = captured(a_booking_desk()).given("payment", "pay_1", requested(amount), approved(), sent())
    world.when(paid_out(), actor=GATEWAY)
    world.when(dispute(100), actor=GATEWAY)
    assert world.state("payment", "pay_1").status == "disputed"
    world.when(resolve("won", 0), actor=GATEWAY)
    assert world.state("payment", "pay_1").status == status


def test_a_payment_that_was_charged_back_is_disputed_again() -> None:
    world = disputed(amount=100)
    lose(world, 100)
    world.when(dispute(200, "dsp_2"), actor=GATEWAY)
    assert world.state("payment", "pay_1").status == "disputed"
    world.when(resolve("won", 0, "dsp_2"), actor=GATEWAY)
    assert world.state("payment", "pay_1").status == "charged_back"


def test_refunds_that_are_not_on_their_way_are_stopped() -> None:
    world = captured(a_booking_desk()).given(
        "payment",
        "pay_1",
        requested(100, "rfd_1"),
        requested(200, "rfd_2"),
        approved("rfd_2"),
        requested(300, "rfd_3"),
        approved("rfd_3"),
        sent("rfd_3"),
    )
    _, *rejected = world.when(dispute(DEPOSIT), actor=GATEWAY)
    assert rejected == [
        RefundRejected(refund_id="rfd_1", note="dispute_open"),
        RefundRejected(refund_id="rfd_2", note="dispute_open"),
    ]
    assert world.state("payment", "pay_1").refunded_or_reserved_paise == 300


def test_a_claim_above_the_payment_is_cut_to_it_r_cmd_7() -> None:
    (event,) = captured(a_booking_desk()).when(dispute(DEPOSIT + 1), actor=GATEWAY)
    assert isinstance(event, DisputeOpened)
    assert (event.amount_paise, event.flags) == (DEPOSIT, ("dispute_overlap",))
    world = captured(a_booking_desk())
    world.given("payment", "pay_1", PaymentReversed(amount_paise=DEPOSIT, reason="pos_void"))
    (event,) = world.when(dispute(100), actor=GATEWAY)
    assert isinstance(event, DisputeOpened)
    assert event.flags == ("unexpected_state",)


def test_disputes_that_cannot_be_are_refused() -> None:
    assert code_of(initiated(a_booking_desk()), dispute(1), GATEWAY) == "PAYMENT_NOT_CAPTURED"
    world = captured(disputed(), "pay_2")
    assert code_of(world, dispute(1, payment_id="pay_2"), GATEWAY) == "ALREADY_EXISTS"
    assert code_of(world, resolve("won", 0, "dsp_9"), GATEWAY) == "NOT_FOUND"
    world.when(resolve("won", 0), actor=GATEWAY)
    for command in (dispute(1), UPDATE, resolve("lost", 1)):
        assert code_of(world, command, GATEWAY) == "INVALID_STATE"


def test_how_far_a_dispute_has_come_is_recorded() -> None:
    assert disputed().when(UPDATE, actor=FINANCE) == [
        DisputeUpdated(dispute_id="dsp_1", status="under_review", evidence_ref="letter_7")
    ]


def test_a_dispute_won_leaves_the_money_where_it_was() -> None:
    world = disputed(allocated("inv_1", 10_000))
    (event,) = world.when(resolve("won", 0), actor=GATEWAY)
    assert event == DisputeResolved(
        dispute_id="dsp_1", outcome="won", amount_deducted_paise=0, covered_paise=0, uncovered_paise=0
    )
    state = world.state("payment", "pay_1")
    assert (state.status, state.available_paise, state.held_paise) == ("captured", 30_000, 30_000)


@pytest.mark.parametrize("outcome", ["won", "closed"])
def test_a_deduction_without_a_loss_is_only_flagged(outcome: str) -> None:
    (event,) = disputed().when(resolve(outcome, 500), actor=GATEWAY)  # type: ignore[arg-type]
    assert isinstance(event, DisputeResolved)
    assert (event.covered_paise, event.uncovered_paise, event.flags) == (0, 0, ("unexpected_state",))


def test_a_lost_dispute_takes_what_is_available_first() -> None:
    world = disputed(allocated("inv_1", 10_000))
    before, resolved = lose(world, 30_000)
    assert before == []
    assert (resolved.covered_paise, resolved.uncovered_paise) == (30_000, 0)
    state = world.state("payment", "pay_1")
    assert (state.status, state.available_paise, state.allocated_paise) == ("charged_back", 0, 10_000)


def test_then_the_newest_allocations_then_the_newest_forfeits() -> None:
    world = disputed(
        forfeited("forf_1", 4000),
        forfeited("forf_2", 6000, gst_paise=915),
        allocated("inv_1", 8000),
        allocated("inv_2", 7000),
    )
    before, resolved = lose(world, 32_000)
    assert before == [
        PaymentDeallocated(invoice_id="inv_2", amount_paise=7000, reason="dispute_lost"),
        PaymentDeallocated(invoice_id="inv_1", amount_paise=8000, reason="dispute_lost"),
        DepositForfeitReversed(forfeit_id="forf_2", amount_paise=6000, gst_paise=915, reason="dispute_lost"),
    ]
    assert resolved == DisputeResolved(
        dispute_id="dsp_1",
        outcome="lost",
        amount_deducted_paise=32_000,
        covered_paise=32_000,
        uncovered_paise=0,
        deallocations=(
            Deallocation(invoice_id="inv_2", amount_paise=7000),
            Deallocation(invoice_id="inv_1", amount_paise=8000),
        ),
        reversed_forfeit_ids=("forf_2",),
    )
    # The rest of the forfeit, which is reversed whole, is free again.
    assert world.state("payment", "pay_1").available_paise == 4000


def test_an_allocation_is_undone_only_as_far_as_needed() -> None:
    world = disputed(allocated("inv_1", DEPOSIT))
    before, _ = lose(world, 15_000)
    assert before == [PaymentDeallocated(invoice_id="inv_1", amount_paise=15_000, reason="dispute_lost")]
    assert world.state("payment", "pay_1").allocated_to("inv_1") == 25_000


def test_money_refunded_before_is_lost_twice_and_stays_uncovered() -> None:
    world = disputed(requested(30_000), approved(), sent())
    _, resolved = lose(world, DEPOSIT)
    assert (resolved.covered_paise, resolved.uncovered_paise) == (10_000, 30_000)
    assert world.state("payment", "pay_1").available_paise == 0
