"""Money set against invoices (C66, C67)."""

from __future__ import annotations

from event_store.aggregates.patient.events import PatientsMerged
from event_store.aggregates.payment.commands import AllocatePayment, DeallocatePayment
from event_store.aggregates.payment.events import PaymentAllocated, PaymentDeallocated
from tests.unit.event_store.clinic import DEPOSIT, DESK, FINANCE
from tests.unit.event_store.payment.till import a_booking_desk, allocated, captured, code_of, invoiced


def allocate(amount: int, invoice_id: str = "inv_1", payment_id: str = "pay_1") -> AllocatePayment:
    return AllocatePayment(payment_id=payment_id, invoice_id=invoice_id, amount_paise=amount)


def deallocate(amount: int, invoice_id: str = "inv_1") -> DeallocatePayment:
    return DeallocatePayment(payment_id="pay_1", invoice_id=invoice_id, amount_paise=amount, reason="wrong invoice")


def test_money_is_set_against_an_invoice() -> None:
    world = captured(invoiced(a_booking_desk()))
    (event,) = world.when(allocate(DEPOSIT), actor=DESK)
    assert isinstance(event, PaymentAllocated)
    state = world.state("payment", "pay_1")
    assert (state.allocated_to("inv_1"), state.available_paise, state.held_paise) == (DEPOSIT, 0, 0)


def test_no_more_than_the_payment_has() -> None:
    world = captured(invoiced(a_booking_desk()))
    assert code_of(world, allocate(DEPOSIT + 1), DESK) == "ALLOCATION_EXCEEDS_PAYMENT"


def test_no_more_than_all_payments_leave_open_of_the_invoice_inv_p3() -> None:
    world = captured(captured(invoiced(a_booking_desk(), total=60_000)), "pay_2")
    world.when(allocate(DEPOSIT), actor=DESK)
    assert code_of(world, allocate(20_001, payment_id="pay_2"), DESK) == "ALLOCATION_EXCEEDS_INVOICE"
    assert len(world.when(allocate(20_000, payment_id="pay_2"), actor=DESK)) == 1


def test_money_of_another_patient_is_not_taken_unless_they_are_one() -> None:
    world = captured(invoiced(a_booking_desk(), patient_id="pat_bala"))
    assert code_of(world, allocate(100), DESK) == "VALIDATION_FAILED"
    merged = PatientsMerged(survivor_id="pat_asha", duplicate_id="pat_bala", reason="one woman")
    world.given("patient", "pat_asha", merged)
    assert len(world.when(allocate(100), actor=DESK)) == 1


def test_what_stands_against_an_invoice_can_be_taken_back() -> None:
    world = captured(invoiced(invoiced(a_booking_desk()), "inv_2"))
    world.given("payment", "pay_1", allocated("inv_1", 10_000), allocated("inv_2", 5000), allocated("inv_1", 2000))
    assert code_of(world, deallocate(12_001), FINANCE) == "ALLOCATION_EXCEEDS_PAYMENT"
    assert code_of(world, deallocate(1, "inv_3"), FINANCE) == "ALLOCATION_EXCEEDS_PAYMENT"
    (event,) = world.when(deallocate(3000), actor=FINANCE)
    assert event == PaymentDeallocated(invoice_id="inv_1", amount_paise=3000, reason="wrong invoice")
    state = world.state("payment", "pay_1")
    assert [(a.invoice_id, a.amount_paise) for a in state.allocations] == [("inv_1", 9000), ("inv_2", 5000)]
