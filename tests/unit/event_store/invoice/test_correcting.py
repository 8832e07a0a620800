"""Credit notes and write-offs (INV-P3)."""

from __future__ import annotations

import pytest

from event_store.aggregates.invoice.commands import CreditLine, IssueCreditNote, WriteOffBalance
from event_store.aggregates.invoice.events import InvoiceCredited, InvoiceIssued, InvoiceLine, InvoiceWrittenOff
from event_store.aggregates.payment.events import PaymentAllocated, PaymentDeallocated
from mymedic.messages import Event
from tests.scenario import Scenario
from tests.unit.event_store.clinic import FINANCE, a_clinic, captured, ist, refused
from tests.unit.event_store.invoice.test_issuing import invoice, line

TOTAL = 198_000


def billed() -> Scenario:
    """Invoice inv_1: line 1 exempt 80000, line 2 of 118000 with 18% inside."""
    world = a_clinic()
    peel = line(2, service_id="svc_peel", unit_price_paise=118_000, gst_bps=1800)
    world.when(invoice(line(), peel), actor=FINANCE, id="inv_1")
    return world


def paid(world: Scenario, payment_id: str, amount_paise: int, minute: int) -> None:
    captured(world, payment_id, "appt_1", amount_paise, ist(2, f"11:{minute:02d}"))
    world.given(
        "payment",
        payment_id,
        PaymentAllocated(allocation_id=f"alloc_{payment_id}", invoice_id="inv_1", amount_paise=amount_paise),
    )


def credit(*lines: tuple[int, int]) -> IssueCreditNote:
    return IssueCreditNote(
        invoice_id="inv_1",
        lines=tuple(CreditLine(line_no=line_no, amount_paise=amount) for line_no, amount in lines),
        reason="not performed",
    )


def write_off(amount_paise: int) -> WriteOffBalance:
    return WriteOffBalance(invoice_id="inv_1", amount_paise=amount_paise, reason="uncollectable")


def test_a_credit_names_the_line_and_splits_its_tax() -> None:
    world = billed()
    assert world.when(credit((2, 59_001)), actor=FINANCE) == [
        InvoiceCredited(
            credit_note_no="brn_south/FY2026-27/CN000001",
            lines=(InvoiceLine(line_no=2, taxable_paise=50_001, gst_paise=9_000, total_paise=59_001),),
            total_paise=59_001,
            reason="not performed",
        )
    ]
    state = world.state("invoice", "inv_1")
    assert (state.status, state.outstanding(0)) == ("issued", TOTAL - 59_001)


def test_the_last_credit_of_a_line_takes_the_rest_of_its_tax() -> None:
    world = billed()
    parts = [world.when(credit((2, amount)), actor=FINANCE)[0] for amount in (33_333, 33_333, 51_334)]
    lines = [part.lines[0] for part in parts if isinstance(part, InvoiceCredited)]
    assert sum(part.taxable_paise for part in lines) == 100_000
    assert sum(part.gst_paise for part in lines) == 18_000
    assert refused(world, credit((2, 1)), FINANCE).code == "CREDIT_EXCEEDS_INVOICE"


@pytest.mark.parametrize(
    ("price", "gst_bps", "credits"),
    [(117_118, 1800, (51_761, 65_356, 1)), (455_222, 500, (7634, 447_584, 4)), (10, 1800, (3, 3, 3, 1))],
)
def test_credits_in_small_parts_never_take_more_tax_than_is_left(
    price: int, gst_bps: int, credits: tuple[int, ...]
) -> None:
    world = a_clinic()
    peel = line(1, service_id="svc_peel", unit_price_paise=price, gst_bps=gst_bps)
    (bill,) = world.when(invoice(peel), actor=FINANCE, id="inv_1")
    assert isinstance(bill, InvoiceIssued)
    parts = [world.when(credit((1, amount)), actor=FINANCE)[0] for amount in credits]
    lines = [part.lines[0] for part in parts if isinstance(part, InvoiceCredited)]
    assert [part.total_paise for part in lines] == list(credits)
    assert all(part.taxable_paise >= 0 and part.gst_paise >= 0 for part in lines)
    assert sum(part.taxable_paise for part in lines) == bill.taxable_paise
    assert sum(part.gst_paise for part in lines) == bill.gst_paise


def test_a_full_credit_makes_the_invoice_an_error() -> None:
    world = billed()
    world.when(credit((1, 80_000), (2, 118_000)), actor=FINANCE)
    state = world.state("invoice", "inv_1")
    assert (state.status, state.outstanding(0)) == ("entered-in-error", 0)
    assert state.is_balanced(0)


def test_more_than_the_line() -> None:
    assert refused(billed(), credit((1, 80_001)), FINANCE).code == "CREDIT_EXCEEDS_INVOICE"


def test_lines_that_are_not_there() -> None:
    world = billed()
    assert refused(world, credit((3, 1)), FINANCE).code == "VALIDATION_FAILED"
    assert refused(world, credit(), FINANCE).code == "VALIDATION_FAILED"
    assert refused(world, credit((1, 1), (1, 1)), FINANCE).code == "VALIDATION_FAILED"


def test_what_was_written_off_is_not_credited_as_well() -> None:
    world = billed()
    world.when(write_off(TOTAL - 1), actor=FINANCE)
    assert refused(world, credit((1, 2)), FINANCE).code == "CREDIT_EXCEEDS_INVOICE"
    assert world.when(credit((1, 1)), actor=FINANCE)


def deallocations(world: Scenario, events: list[Event]) -> list[tuple[str, int]]:
    found = [(id, event) for _, id, event in world.log if isinstance(event, PaymentDeallocated)]
    assert [event for _, event in found] == events[1:]
    return [(id, event.amount_paise) for id, event in found]


def test_money_above_the_new_total_goes_back_from_the_newest_payment() -> None:
    world = billed()
    paid(world, "pay_old", 100_000, 1)
    paid(world, "pay_new", 60_000, 2)
    events = world.when(credit((1, 80_000), (2, 30_000)), actor=FINANCE)
    assert deallocations(world, events) == [("pay_new", 60_000), ("pay_old", 12_000)]
    assert world.state("payment", "pay_old").allocated_to("inv_1") == 88_000
    assert world.state("invoice", "inv_1").outstanding(88_000) == 0


def test_money_within_the_new_total_stays() -> None:
    world = billed()
    paid(world, "pay_old", 100_000, 1)
    assert deallocations(world, world.when(credit((1, 80_000)), actor=FINANCE)) == []


def test_credit_notes_have_their_own_series() -> None:
    world = billed()
    numbers = [world.when(credit((1, 1)), actor=FINANCE)[0] for _ in range(3)]
    assert [event.credit_note_no for event in numbers if isinstance(event, InvoiceCredited)] == [
        f"brn_south/FY2026-27/CN{number:06d}" for number in (1, 2, 3)
    ]


def test_a_write_off_takes_at_most_what_is_outstanding() -> None:
    world = billed()
    paid(world, "pay_old", 100_000, 1)
    assert refused(world, write_off(98_001), FINANCE).code == "ALLOCATION_EXCEEDS_INVOICE"
    assert world.when(write_off(98_000), actor=FINANCE) == [
        InvoiceWrittenOff(amount_paise=98_000, reason="uncollectable")
    ]
    assert world.state("invoice", "inv_1").is_balanced(100_000)
    assert refused(world, write_off(1), FINANCE).code == "ALLOCATION_EXCEEDS_INVOICE"
