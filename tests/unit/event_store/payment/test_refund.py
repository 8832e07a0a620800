"""Refunds asked for, approved, rejected (C71, C72)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from event_store.aggregates.appointment.events import AppointmentCancelled, PlannedMoney
from event_store.aggregates.payment.commands import ApproveRefund, RejectRefund
from event_store.aggregates.payment.events import RefundApproved, RefundReason, RefundRejected, RefundRequested
from mymedic.messages import Actor
from mymedic.policies import RefundBody
from tests.unit.event_store.clinic import DEPOSIT, DESK, FINANCE, MANAGER, PATIENT, TIMER, ist, publish
from tests.unit.event_store.payment.till import (
    SAGA,
    a_booking_desk,
    allocated,
    approved,
    captured,
    code_of,
    initiated,
    opened,
    refund,
    requested,
    sent,
)

LARGE = 3_000_000
APPROVE = ApproveRefund(payment_id="pay_1", refund_id="rfd_1")
REJECT = RejectRefund(payment_id="pay_1", refund_id="rfd_1", note="came after all")
CANCELLED = AppointmentCancelled(
    initiator="patient",
    reason_code="cost",
    lead_seconds=18_000,
    tier_bps=5000,
    eff_bps=5000,
    held_paise=DEPOSIT,
    forfeit_paise=20_000,
    refund_paise=20_000,
    plan=(PlannedMoney(payment_id="pay_1", forfeit_paise=20_000, refund_paise=20_000),),
    slot_id="slot_tue18",
    token_no=1,
    start_at=ist(3, "18:00"),
    policy_version_id="pol_default_cancellation",
)


def test_a_request_sets_the_amount_aside() -> None:
    world = captured(a_booking_desk())
    events = world.when(refund(20_000, "policy_cancel"), actor=SAGA)
    assert events == [
        RefundRequested(
            refund_id="rfd_1",
            amount_paise=20_000,
            reason="policy_cancel",
            destination="source",
            appointment_id="appt_1",
            requested_by=SAGA.id,
        ),
        RefundApproved(refund_id="rfd_1", approval="auto"),
    ]
    state = world.state("payment", "pay_1")
    assert (state.refunded_or_reserved_paise, state.available_paise, state.status) == (20_000, 20_000, "captured")


@pytest.mark.parametrize(
    ("actor", "reason", "amount", "is_auto"),
    [
        (SAGA, "policy_cancel", LARGE, True),
        (SAGA, "provider_cancel", LARGE, True),
        (SAGA, "no_show_remainder", LARGE, True),
        (SAGA, "late_capture", LARGE, True),
        (SAGA, "duplicate_capture", 100, False),
        (FINANCE, "duplicate_capture", 100, False),
        (FINANCE, "policy_cancel", LARGE, False),
        (DESK, "goodwill", 200_000, True),
        (DESK, "goodwill", 200_001, False),
    ],
)
def test_what_a_rule_decided_or_is_small_needs_no_second_look(
    actor: Actor, reason: RefundReason, amount: int, is_auto: bool
) -> None:
    events = captured(a_booking_desk(), amount_paise=LARGE).when(refund(amount, reason), actor=actor)
    assert (approved() in events) is is_auto


def test_the_limits_are_those_of_the_branch() -> None:
    world = captured(a_booking_desk())
    publish(world, "refund", RefundBody(auto_approve_limit_paise=50), branch_id="brn_south")
    assert len(world.when(refund(50), actor=DESK)) == 2
    other = captured(world, "pay_2")
    assert len(other.when(refund(51, refund_id="rfd_2", payment_id="pay_2"), actor=DESK)) == 1


def test_no_more_goes_back_than_is_left_inv_p2() -> None:
    world = captured(a_booking_desk()).given("payment", "pay_1", allocated("inv_1", 15_000), requested(20_000))
    assert code_of(world, refund(5001, refund_id="rfd_2"), FINANCE) == "REFUND_EXCEEDS_CAPTURED"
    assert len(world.when(refund(5000, refund_id="rfd_2"), actor=FINANCE)) == 2
    assert code_of(world, refund(1, refund_id="rfd_2"), FINANCE) == "ALREADY_EXISTS"


def test_refunds_need_money_time_and_peace() -> None:
    assert code_of(initiated(a_booking_desk()), refund(1), FINANCE) == "PAYMENT_NOT_CAPTURED"
    assert code_of(captured(a_booking_desk()).given("payment", "pay_1", opened(1)), refund(1), SAGA) == "DISPUTE_OPEN"
    world = captured(a_booking_desk())
    world.at(world.now + timedelta(days=180, seconds=1))
    assert code_of(world, refund(1), SAGA) == "REFUND_WINDOW_CLOSED"
    assert len(world.at(world.now - timedelta(seconds=1)).when(refund(1), actor=SAGA)) == 2


def test_patients_ask_only_for_what_the_policy_left_them() -> None:
    world = captured(a_booking_desk())
    assert code_of(world, refund(100, "policy_cancel"), PATIENT) == "FORBIDDEN"
    world.given("appointment", "appt_1", CANCELLED)
    assert code_of(world, refund(100, "goodwill"), PATIENT) == "FORBIDDEN"
    assert [type(event) for event in world.when(refund(100, "policy_cancel"), actor=PATIENT)] == [RefundRequested]


def test_patients_do_not_set_aside_what_the_policy_is_about_to_keep() -> None:
    """R-POL-2: between the cancellation and the forfeit, all of the deposit is still available."""
    world = captured(a_booking_desk()).given("appointment", "appt_1", CANCELLED)
    assert code_of(world, refund(20_001, "policy_cancel"), PATIENT) == "REFUND_EXCEEDS_CAPTURED"
    world.when(refund(15_000, "policy_cancel"), actor=PATIENT)
    again = refund(5_001, "policy_cancel", refund_id="rfd_2")
    assert code_of(world, again, PATIENT) == "REFUND_EXCEEDS_CAPTURED"
    assert world.when(refund(5_000, "policy_cancel", refund_id="rfd_2"), actor=PATIENT)


def test_a_large_refund_in_small_parts_needs_a_second_look_all_the_same() -> None:
    """R-AUTH-4: or one desk could empty a payment, part by part, below the limit."""
    world = captured(a_booking_desk(), amount_paise=LARGE)
    assert len(world.when(refund(150_000), actor=DESK)) == 2
    assert len(world.when(refund(50_000, refund_id="rfd_2"), actor=DESK)) == 2
    assert len(world.when(refund(1, refund_id="rfd_3"), actor=DESK)) == 1


def test_the_limit_of_cash_is_one_of_the_payment() -> None:
    world = captured(a_booking_desk(), amount_paise=LARGE)
    limit = RefundBody().cash_refund_limit_paise
    world.when(refund(limit, destination="cash"), actor=FINANCE)
    assert code_of(world, refund(1, refund_id="rfd_2", destination="cash"), FINANCE) == "REFUND_LIMIT"


@pytest.mark.parametrize(
    ("mode", "channel", "asked", "amount", "goes"),
    [
        ("card", "pos", "source", 100, "source"),
        ("card", "pos", "cash", 500_000, "cash"),
        ("upi", "static_qr", "source", 100, "bank_transfer"),
        ("bank_transfer", "direct_bank", "source", 100, "bank_transfer"),
        ("cash", "drawer", "source", 500_000, "cash"),
        ("cash", "drawer", "source", 500_001, "bank_transfer"),
        ("cash", "drawer", "bank_transfer", 100, "bank_transfer"),
    ],
)
def test_the_source_is_where_the_money_can_really_go(
    mode: str, channel: str, asked: str, amount: int, goes: str
) -> None:
    world = captured(a_booking_desk(), amount_paise=LARGE, mode=mode, channel=channel, gateway_payment_id=None)
    event = world.when(refund(amount, destination=asked), actor=FINANCE)[0]
    assert isinstance(event, RefundRequested)
    assert event.destination == goes


def test_much_cash_is_not_handed_out() -> None:
    world = captured(a_booking_desk(), amount_paise=LARGE)
    assert code_of(world, refund(500_001, destination="cash"), FINANCE) == "REFUND_LIMIT"


def test_somebody_else_approves() -> None:
    world = captured(a_booking_desk()).given("payment", "pay_1", requested(100, requested_by=FINANCE.id))
    assert code_of(world, APPROVE, FINANCE) == "FOUR_EYES_REQUIRED"
    for_them = Actor(type="user", id="stf_temp", roles=("FN",), on_behalf_of=FINANCE.id)
    assert code_of(world, APPROVE, for_them) == "FOUR_EYES_REQUIRED"
    other = Actor(type="user", id="stf_other", roles=("FN",))
    assert world.when(APPROVE, actor=other) == [RefundApproved(refund_id="rfd_1", approval="manual")]
    assert code_of(world, APPROVE, other) == "INVALID_STATE"


def test_managers_approve_up_to_their_limit() -> None:
    world = captured(a_booking_desk(), amount_paise=LARGE).given(
        "payment", "pay_1", requested(2_000_001), requested(900_000, "rfd_2")
    )
    assert code_of(world, APPROVE, MANAGER) == "REFUND_LIMIT"
    assert len(world.when(ApproveRefund(payment_id="pay_1", refund_id="rfd_2"), actor=MANAGER)) == 1
    assert len(world.when(APPROVE, actor=FINANCE)) == 1


def test_a_rejected_refund_gives_its_amount_back() -> None:
    for history in ([requested(100)], [requested(100), approved()]):
        world = captured(a_booking_desk()).given("payment", "pay_1", *history)
        assert world.when(REJECT, actor=SAGA) == [RefundRejected(refund_id="rfd_1", note="came after all")]
        assert world.state("payment", "pay_1").available_paise == DEPOSIT
        assert code_of(world, REJECT, SAGA) == "INVALID_STATE"


def test_what_is_on_its_way_cannot_be_rejected() -> None:
    world = captured(a_booking_desk()).given("payment", "pay_1", requested(100), approved(), sent())
    assert code_of(world, REJECT, FINANCE) == "INVALID_STATE"
    assert code_of(world, RejectRefund(payment_id="pay_1", refund_id="rfd_9"), FINANCE) == "NOT_FOUND"
    assert code_of(world, ApproveRefund(payment_id="pay_1", refund_id="rfd_9"), FINANCE) == "NOT_FOUND"


def test_nobody_approves_what_they_caused() -> None:
    """R-AUTH-4: the product asked, because of what this person had asked before."""
    world = captured(a_booking_desk())
    first = world.when(refund(100), actor=FINANCE)[0]
    caused = requested(100, refund_id="rfd_2", requested_by=TIMER.id)
    world.given("payment", "pay_1", caused)
    world.behind[-1] = ({TIMER.id}, first)
    approve = ApproveRefund(payment_id="pay_1", refund_id="rfd_2")
    assert code_of(world, approve, FINANCE) == "FOUR_EYES_REQUIRED"
    assert world.when(approve, actor=Actor(type="user", id="stf_third", roles=("FN",)))
