"""What the gateway reports of online payments (C61 to C64)."""

from __future__ import annotations

import pytest

from event_store.aggregates.appointment.events import AppointmentHoldExpired
from event_store.aggregates.payment.commands import ExpirePayment, FailPayment, RecordAuthorization
from event_store.aggregates.payment.events import (
    PayerPii,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentExpired,
    PaymentFailed,
)
from tests.scenario import Scenario
from tests.unit.event_store.clinic import DEPOSIT, TIMER, ist
from tests.unit.event_store.payment.till import GATEWAY, a_booking_desk, capture, captured, code_of, initiated

FAILED = PaymentFailed(error_code="BAD_REQUEST_ERROR", error_source="customer", decline_type="user_cancelled")


def one(world: Scenario, command: object) -> PaymentCaptured:
    (event,) = world.when(command, actor=GATEWAY)  # type: ignore[arg-type]
    assert isinstance(event, PaymentCaptured)
    return event


def fail() -> FailPayment:
    return FailPayment(
        payment_id="pay_1", error_code="BAD_REQUEST_ERROR", error_source="customer", decline_type="user_cancelled"
    )


def test_a_capture_takes_over_what_was_asked_for() -> None:
    world = initiated(a_booking_desk())
    event = one(world, capture(rrn="612345678901", vpa_masked="as***@upi", fee_paise=0, tax_paise=0))
    assert event == PaymentCaptured(
        payment_id="pay_1",
        branch_id="brn_south",
        patient_id="pat_asha",
        appointment_id="appt_1",
        purpose="deposit",
        amount_paise=DEPOSIT,
        currency="INR",
        mode="upi",
        channel="gateway",
        gateway="razorpay",
        gateway_payment_id="gw_pay_1",
        order_id="order_pay_1",
        rrn="612345678901",
        reported_fee_paise=0,
        reported_tax_paise=0,
        captured_at=ist(2, "10:05"),
        late_capture=False,
        source="webhook",
        pii=PayerPii(payer_vpa="as***@upi"),
    )
    state = world.state("payment", "pay_1")
    assert (state.status, state.available_paise, state.held_paise) == ("captured", DEPOSIT, DEPOSIT)
    assert not [held for held in world.held if held[0] == "live_payment"]


def test_an_order_is_enough_to_find_the_payment() -> None:
    world = initiated(a_booking_desk())
    assert one(world, capture(None, order_id="order_pay_1")).payment_id == "pay_1"


def test_the_mode_that_was_used_in_the_end_counts() -> None:
    world = initiated(a_booking_desk())
    assert one(world, capture(mode="card", card_type="credit", card_last4="4242")).mode == "card"


def test_the_same_gateway_payment_counts_once_inv_p4() -> None:
    world = initiated(a_booking_desk())
    one(world, capture())
    assert world.when(capture(), actor=GATEWAY) == []
    assert world.when(capture(None, order_id="order_pay_1", gateway_payment_id="gw_pay_1"), actor=GATEWAY) == []
    assert code_of(world, capture(amount_paise=DEPOSIT + 1), GATEWAY) == "PAYMENT_DUPLICATE"


def test_what_cannot_be_keyed_or_counted_is_refused() -> None:
    world = initiated(a_booking_desk())
    assert code_of(world, capture(None, order_id="order_of_nobody"), GATEWAY) == "NOT_FOUND"
    assert code_of(world, capture(None), GATEWAY) == "NOT_FOUND"
    assert code_of(world, capture("pay_9"), GATEWAY) == "NOT_FOUND"
    assert code_of(world, capture(currency="USD"), GATEWAY) == "CURRENCY_UNSUPPORTED"


def test_another_amount_is_recorded_as_it_came_r_cmd_7() -> None:
    event = one(initiated(a_booking_desk()), capture(amount_paise=DEPOSIT - 1))
    assert (event.amount_paise, event.flags) == (DEPOSIT - 1, ("amount_mismatch",))


def test_an_order_paid_twice_makes_a_second_payment_r_cmd_7() -> None:
    world = initiated(a_booking_desk())
    one(world, capture())
    again = capture(None, order_id="order_pay_1", gateway_payment_id="gw_again")
    second = one(world, again)
    assert second.payment_id not in (None, "pay_1")
    assert (second.order_id, second.appointment_id, second.flags) == ("order_pay_1", "appt_1", ("unexpected_state",))
    assert world.state("payment", second.payment_id or "").available_paise == DEPOSIT
    assert world.when(again, actor=GATEWAY) == []


def test_a_bank_reference_stands_on_one_payment_inv_p4() -> None:
    world = captured(a_booking_desk(), "pay_0", rrn="612345678901")
    event = one(initiated(world), capture(rrn="612345678901"))
    assert (event.rrn, event.flags) == (None, ("unexpected_state",))


def test_authorised_then_captured_but_never_back() -> None:
    world = initiated(a_booking_desk())
    authorise = RecordAuthorization(payment_id="pay_1", gateway_payment_id="gw_pay_1", authorized_at=ist(2, "10:04"))
    assert world.when(authorise, actor=GATEWAY) == [PaymentAuthorized(gateway_payment_id="gw_pay_1")]
    assert world.state("payment", "pay_1").status == "authorized"
    one(world, capture())
    assert world.when(authorise, actor=GATEWAY) == []
    assert world.state("payment", "pay_1").status == "captured"


def test_a_failed_attempt_ends_an_open_payment_only() -> None:
    world = initiated(a_booking_desk())
    assert world.when(fail(), actor=GATEWAY) == [FAILED]
    assert world.when(fail(), actor=GATEWAY) == []
    one(world, capture())
    assert code_of(world, fail(), GATEWAY) == "INVALID_STATE"


def test_time_runs_out_for_what_nobody_paid() -> None:
    world = initiated(a_booking_desk())
    expire = ExpirePayment(payment_id="pay_1")
    assert code_of(world, expire, TIMER, at=ist(2, "10:14")) == "TOO_EARLY"
    assert world.at(ist(2, "10:15")).when(expire, actor=TIMER) == [PaymentExpired()]
    assert world.when(expire, actor=TIMER) == []


@pytest.mark.parametrize(
    ("before", "at", "is_late"),
    [
        ("nothing", "10:05", False),
        ("nothing", "10:15", True),  # the hold is over, though nobody has said so yet
        ("failed", "10:05", False),  # a second attempt within the time allowed
        ("failed", "10:20", True),
        ("expired", "10:20", True),
        ("hold_expired", "10:14", True),
    ],
)
def test_money_is_late_when_nobody_waits_for_it_r_pol_7(before: str, at: str, is_late: bool) -> None:
    world = initiated(a_booking_desk()).at(ist(2, at))
    if before == "failed":
        world.given("payment", "pay_1", FAILED)
    if before == "expired":
        world.given("payment", "pay_1", PaymentExpired())
    if before == "hold_expired":
        world.given("appointment", "appt_1", AppointmentHoldExpired(slot_id="slot_tue18", token_no=1))
    event = one(world, capture())
    assert event.late_capture is is_late
    assert world.state("payment", "pay_1").late_capture is is_late


def test_an_authorised_payment_may_still_fail() -> None:
    world = initiated(a_booking_desk())
    authorise = RecordAuthorization(payment_id="pay_1", gateway_payment_id="gw_pay_1", authorized_at=ist(2, "10:04"))
    world.when(authorise, actor=GATEWAY)
    assert world.when(fail(), actor=GATEWAY) == [FAILED]
    assert world.state("payment", "pay_1").status == "failed"
