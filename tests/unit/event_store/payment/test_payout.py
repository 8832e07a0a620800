"""Refunds on their way out (C73 to C75)."""

from __future__ import annotations

import pytest

from event_store.aggregates.cash_session.events import CashMovementRecorded, CashSessionOpened
from event_store.aggregates.payment.commands import InitiateRefund, RecordRefundFailed
from event_store.aggregates.payment.events import (
    DepositForfeitReversed,
    PaymentDeallocated,
    RefundFailed,
    RefundInitiated,
    RefundProcessed,
    RefundRejected,
    RefundRequested,
)
from mymedic.messages import Event
from tests.scenario import Scenario
from tests.unit.event_store.clinic import DEPOSIT, DESK, FINANCE, ist
from tests.unit.event_store.payment.till import (
    GATEWAY,
    SAGA,
    a_booking_desk,
    allocated,
    approved,
    captured,
    code_of,
    failed,
    forfeited,
    opened,
    paid_out,
    requested,
    resolve,
    sent,
)

SEND = InitiateRefund(payment_id="pay_1", refund_id="rfd_1", speed="normal")
PROCESSED = RefundProcessed(
    refund_id="rfd_1",
    amount_paise=20_000,
    gateway_refund_id="gw_rfd_1",
    destination="source",
    processed_at=ist(2, "12:00"),
)


def fail(final: bool) -> RecordRefundFailed:
    return RecordRefundFailed(payment_id="pay_1", refund_id="rfd_1", error_code="GATEWAY_ERROR", final=final)


def refunding(*history: Event, amount: int = 20_000, destination: str = "source") -> Scenario:
    asked = requested(amount, destination=destination)
    return captured(a_booking_desk()).given("payment", "pay_1", asked, *history)


def test_an_approved_refund_is_sent_and_a_failed_one_sent_again() -> None:
    world = refunding(approved())
    assert world.when(SEND, actor=SAGA) == [RefundInitiated(refund_id="rfd_1", attempt=1, speed="normal")]
    assert code_of(world, SEND, SAGA) == "INVALID_STATE"
    assert world.when(fail(final=False), actor=GATEWAY) == [
        RefundFailed(refund_id="rfd_1", error_code="GATEWAY_ERROR", final=False)
    ]
    assert world.state("payment", "pay_1").refunded_or_reserved_paise == 20_000
    assert world.when(SEND, actor=FINANCE) == [RefundInitiated(refund_id="rfd_1", attempt=2, speed="normal")]


def test_what_nobody_approved_is_not_sent() -> None:
    assert code_of(refunding(), SEND, FINANCE) == "INVALID_STATE"
    assert code_of(refunding(approved(), sent(), failed(final=True)), SEND, FINANCE) == "INVALID_STATE"


def test_nothing_is_sent_again_while_a_bank_may_take_it() -> None:
    assert code_of(refunding(approved(), sent(), failed(), opened(100)), SEND, FINANCE) == "DISPUTE_OPEN"


def test_what_the_bank_has_given_back_is_not_sent_again() -> None:
    """A refund that failed is still set aside, so a lost dispute could not take it: the payer would have it twice."""
    world = refunding(approved(), sent(), failed(), opened(DEPOSIT), amount=DEPOSIT)
    (lost,) = world.when(resolve("lost", DEPOSIT), actor=GATEWAY)
    assert (lost.covered_paise, lost.uncovered_paise) == (0, DEPOSIT)  # type: ignore[attr-defined]
    assert code_of(world, SEND, FINANCE) == "INVALID_STATE"
    world = refunding(approved(), sent(), failed(), opened(DEPOSIT - 20_000))
    world.when(resolve("lost", DEPOSIT - 20_000), actor=GATEWAY)
    assert world.when(SEND, actor=FINANCE)  # the rest of the payment covered the bank's part


def test_a_final_failure_gives_the_amount_back() -> None:
    world = refunding(approved(), sent())
    world.when(fail(final=True), actor=GATEWAY)
    assert world.state("payment", "pay_1").available_paise == DEPOSIT
    assert world.when(fail(final=True), actor=GATEWAY) == []


def test_a_failure_is_told_once_and_never_undoes_a_payout() -> None:
    world = refunding(approved(), sent(), failed())
    assert world.when(fail(final=False), actor=GATEWAY) == []
    assert len(world.when(fail(final=True), actor=GATEWAY)) == 1
    world = refunding(approved(), sent(), PROCESSED)
    assert world.when(fail(final=True), actor=GATEWAY) == []
    assert code_of(refunding(approved()), fail(final=False), GATEWAY) == "INVALID_STATE"


def test_a_payout_is_recorded_once() -> None:
    world = refunding(approved(), sent())
    assert world.when(paid_out(), actor=GATEWAY) == [PROCESSED]
    assert world.state("payment", "pay_1").status == "partially_refunded"
    assert world.when(paid_out(), actor=GATEWAY) == []
    assert code_of(world, paid_out("rfd_9"), GATEWAY) == "NOT_FOUND"


def test_a_payment_refunded_whole_says_so() -> None:
    world = refunding(approved(), sent(), amount=DEPOSIT)
    world.when(paid_out(), actor=GATEWAY)
    assert world.state("payment", "pay_1").status == "refunded"


@pytest.mark.parametrize("history", [[], [approved()], [approved(), sent(), failed()]])
def test_a_payout_that_we_had_not_sent_is_recorded_with_a_flag_r_cmd_7(history: list[Event]) -> None:
    (event,) = refunding(*history).when(paid_out(), actor=GATEWAY)
    assert isinstance(event, RefundProcessed)
    assert event.flags == ("unexpected_state",)


def test_a_payout_of_a_released_refund_becomes_a_refund_of_its_own_r_cmd_7() -> None:
    world = refunding(approved(), sent(), failed(final=True))
    world.given("payment", "pay_1", allocated("inv_1", 25_000), forfeited("forf_1", 10_000))
    events = world.when(paid_out(), actor=GATEWAY)
    assert [type(event) for event in events] == [PaymentDeallocated, RefundRequested, RefundProcessed]
    freed, asked, paid = events
    assert isinstance(freed, PaymentDeallocated) and isinstance(asked, RefundRequested)
    assert isinstance(paid, RefundProcessed)
    assert (freed.amount_paise, asked.amount_paise, paid.amount_paise) == (15_000, 20_000, 20_000)
    assert asked.refund_id == paid.refund_id != "rfd_1"
    assert paid.flags == ("unexpected_state",)
    assert world.state("payment", "pay_1").available_paise == 0
    assert world.when(paid_out(), actor=GATEWAY) == []


def test_a_released_refund_takes_back_no_more_than_there_is() -> None:
    rejected = RefundRejected(refund_id="rfd_1")
    world = refunding(rejected, requested(35_000, "rfd_2"), amount=DEPOSIT)
    world.given("payment", "pay_1", forfeited("forf_1", 5000))
    events = world.when(paid_out(), actor=GATEWAY)
    assert [type(event) for event in events] == [DepositForfeitReversed, RefundRequested, RefundProcessed]
    assert world.state("payment", "pay_1").refunds[events[-1].refund_id].amount_paise == 5000  # type: ignore[attr-defined]
    world = refunding(rejected, requested(DEPOSIT, "rfd_2"), amount=DEPOSIT)
    assert code_of(world, paid_out(), GATEWAY) == "INVALID_STATE"
    assert code_of(refunding(rejected), paid_out(gateway_refund_id=None), GATEWAY) == "INVALID_STATE"


def test_cash_is_paid_out_of_the_drawer_in_the_same_breath() -> None:
    world = refunding(approved(), sent(), destination="cash")
    paid, moved = world.when(paid_out(gateway_refund_id=None), actor=DESK)
    assert isinstance(paid, RefundProcessed)
    assert (paid.destination, paid.cash_session_id, paid.flags) == ("cash", "cash_1", ())
    assert moved == CashMovementRecorded(kind="refund_out", amount_paise=20_000, payment_id="pay_1", refund_id="rfd_1")
    assert world.state("cash_session", "cash_1").expected_paise == 30_000


def test_the_drawer_must_hold_it() -> None:
    world = refunding(approved(), sent(), destination="cash")
    world.given("cash_session", "cash_1", CashMovementRecorded(kind="bank_drop", amount_paise=30_001))
    assert code_of(world, paid_out(), DESK) == "CASH_INSUFFICIENT"


def test_with_two_drawers_open_one_must_be_named() -> None:
    world = refunding(approved(), sent(), destination="cash")
    other = CashSessionOpened(branch_id="brn_south", drawer_id="drw_2", opening_float_paise=90_000)
    world.given("cash_session", "cash_2", other)
    assert code_of(world, paid_out(), DESK) == "CASH_SESSION_REQUIRED"
    assert len(world.when(paid_out(cash_session_id="cash_2"), actor=DESK)) == 2


def test_cash_that_was_not_sent_is_not_paid_by_anybody() -> None:
    for actor in (DESK, GATEWAY):
        assert code_of(refunding(approved(), destination="cash"), paid_out(), actor) == "INVALID_STATE"


def test_the_desk_does_not_speak_for_the_gateway() -> None:
    assert code_of(refunding(approved(), sent()), paid_out(), DESK) == "FORBIDDEN"


def test_the_second_half_makes_it_whole() -> None:
    world = refunding(approved(), sent(), amount=DEPOSIT // 2)
    world.given("payment", "pay_1", requested(DEPOSIT - DEPOSIT // 2, "rfd_2"), approved("rfd_2"), sent("rfd_2"))
    for refund_id, status in (("rfd_1", "partially_refunded"), ("rfd_2", "refunded")):
        world.when(paid_out(refund_id), actor=GATEWAY)
        assert world.state("payment", "pay_1").status == status
