"""Money taken at the counter, and taken back whole (C65, C68)."""

from __future__ import annotations

import pytest

from event_store.aggregates.cash_session.events import CashDrawerCounted, CashMovementRecorded, CashSessionClosed
from event_store.aggregates.payment.commands import ReversePayment
from event_store.aggregates.payment.decide.subject import PAIRS
from event_store.aggregates.payment.events import PaymentCaptured, PaymentReversed
from tests.unit.event_store.clinic import DEPOSIT, DESK, FINANCE, ist
from tests.unit.event_store.payment.till import (
    GATEWAY,
    a_booking_desk,
    allocated,
    captured,
    code_of,
    counter,
    forfeited,
    invoiced,
    opened,
    requested,
)

RRN = "612345678901"


def test_cash_goes_into_the_drawer_in_the_same_breath() -> None:
    world = a_booking_desk()
    paid, moved = world.when(counter(cash_session_id="cash_1", tendered_paise=50_000), actor=DESK, id="pay_1")
    assert isinstance(paid, PaymentCaptured)
    assert (paid.source, paid.captured_at, paid.cash_session_id) == ("counter", ist(2, "10:00"), "cash_1")
    assert moved == CashMovementRecorded(kind="sale_in", amount_paise=DEPOSIT, payment_id="pay_1")
    assert world.state("cash_session", "cash_1").expected_paise == 50_000 + DEPOSIT
    assert world.state("payment", "pay_1").status == "captured"


def test_cash_needs_an_open_drawer_of_the_branch() -> None:
    world = a_booking_desk()
    assert code_of(world, counter(), DESK) == "CASH_SESSION_REQUIRED"
    assert code_of(world, counter(cash_session_id="cash_9"), DESK) == "CASH_SESSION_REQUIRED"
    north = counter(cash_session_id="cash_1", branch_id="brn_north")
    assert code_of(world, north, DESK) == "CASH_SESSION_REQUIRED"
    counted = CashDrawerCounted(denominations={}, counted_paise=50_000, attempt=1, counted_by="stf_desk")
    world.given("cash_session", "cash_1", counted)
    assert code_of(world, counter(cash_session_id="cash_1"), DESK) == "CASH_SESSION_REQUIRED"


def test_no_change_is_given_out_of_nothing() -> None:
    short = counter(cash_session_id="cash_1", tendered_paise=DEPOSIT - 1)
    assert code_of(a_booking_desk(), short, DESK) == "VALIDATION_FAILED"


@pytest.mark.parametrize("mode", sorted(PAIRS))
@pytest.mark.parametrize("channel", ["gateway", "pos", "static_qr", "drawer", "direct_bank"])
def test_only_the_valid_pairs_of_mode_and_channel_pass(mode: str, channel: str) -> None:
    world = a_booking_desk()
    command = counter(mode=mode, channel=channel, rrn=RRN, cash_session_id="cash_1")
    if channel in PAIRS[mode] and channel != "gateway":
        assert world.when(command, actor=DESK)
    else:
        assert code_of(world, command, DESK) == "MODE_CHANNEL_INVALID"


def test_upi_at_the_counter_needs_an_rrn_of_its_own_inv_p4() -> None:
    world = a_booking_desk()
    assert code_of(world, counter(mode="upi", channel="static_qr"), DESK) == "VALIDATION_FAILED"
    assert code_of(world, counter(mode="upi", channel="pos", rrn="12345"), DESK) == "VALIDATION_FAILED"
    world.when(counter(mode="upi", channel="static_qr", rrn=RRN), actor=DESK, id="pay_1")
    assert code_of(world, counter(mode="card", channel="pos", rrn=RRN), DESK) == "RRN_REUSED"


def test_the_payer_must_be_the_patient_of_what_is_paid() -> None:
    world = invoiced(a_booking_desk(), "inv_b", patient_id="pat_bala")
    other = counter(mode="card", channel="pos", appointment_id=None, invoice_id="inv_b")
    assert code_of(world, other, DESK) == "VALIDATION_FAILED"
    assert code_of(world, counter(branch_id="brn_west"), DESK) == "NOT_FOUND"


def test_an_entry_error_is_taken_back_and_entered_again() -> None:
    world = a_booking_desk()
    world.when(counter(mode="upi", channel="static_qr", rrn=RRN), actor=DESK, id="pay_1")
    reverse = ReversePayment(payment_id="pay_1", reason="entry_error")
    assert world.when(reverse, actor=FINANCE) == [PaymentReversed(amount_paise=DEPOSIT, reason="entry_error")]
    assert (world.state("payment", "pay_1").status, world.state("payment", "pay_1").available_paise) == ("reversed", 0)
    assert code_of(world, reverse, FINANCE) == "INVALID_STATE"
    world.when(counter(mode="upi", channel="static_qr", rrn=RRN, amount_paise=4000), actor=DESK, id="pay_2")


def test_reversed_cash_leaves_its_drawer() -> None:
    world = a_booking_desk()
    world.when(counter(cash_session_id="cash_1"), actor=DESK, id="pay_1")
    _, moved = world.when(ReversePayment(payment_id="pay_1", reason="entry_error"), actor=FINANCE)
    assert moved == CashMovementRecorded(
        kind="refund_out", amount_paise=DEPOSIT, payment_id="pay_1", reference="reversal"
    )
    assert world.state("cash_session", "cash_1").expected_paise == 50_000


def test_cash_of_a_closed_session_or_an_emptied_drawer_stays() -> None:
    world = a_booking_desk()
    world.when(counter(cash_session_id="cash_1"), actor=DESK, id="pay_1")
    reverse = ReversePayment(payment_id="pay_1", reason="entry_error")
    world.given("cash_session", "cash_1", CashMovementRecorded(kind="bank_drop", amount_paise=60_000))
    assert code_of(world, reverse, FINANCE) == "CASH_INSUFFICIENT"
    closed = CashSessionClosed(
        expected_paise=30_000, counted_paise=30_000, variance_paise=0, drop_paise=0, retained_float_paise=30_000
    )
    world.given("cash_session", "cash_1", closed)
    assert code_of(world, reverse, FINANCE) == "INVALID_STATE"


@pytest.mark.parametrize("use", [allocated("inv_1", 1), requested(1), forfeited("forf_1", 1), opened(1)])
def test_what_is_used_in_part_cannot_be_reversed(use: object) -> None:
    world = captured(a_booking_desk()).given("payment", "pay_1", use)  # type: ignore[arg-type]
    assert code_of(world, ReversePayment(payment_id="pay_1", reason="pos_void"), FINANCE) == "INVALID_STATE"


def test_what_the_gateway_has_settled_cannot_be_reversed() -> None:
    world = captured(a_booking_desk())
    reverse = ReversePayment(payment_id="pay_1", reason="gateway_auto_reversal")
    world.held["settlement_line", "razorpay#payment#gw_pay_1#setl_1"] = ("sfile_1", "")
    assert code_of(world, reverse, GATEWAY) == "INVALID_STATE"
