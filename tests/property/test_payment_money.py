"""Whatever happens to payments in whatever order, every paisa is in exactly one place (INV-P1 to INV-P4)."""

from __future__ import annotations

from collections import Counter

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from event_store.aggregates.invoice.events import InvoiceIssued, InvoiceLine
from tests.property.money.payment_steps import Steps
from tests.property.money.world import World
from tests.unit.event_store.payment import till

EXAMPLES, HISTORIES, LENGTH = 4, 5000, 16
WANTED = {
    "PaymentCaptured late",
    "PaymentCaptured amount_mismatch",
    "PaymentCaptured unexpected_state",  # the second payment of an order, or another's bank reference
    "PaymentAllocated",
    "PaymentReversed",
    "PaymentDeallocated r",
    "PaymentDeallocated credit_note",
    "PaymentDeallocated dispute_lost",
    "PaymentDeallocated refund_after_release",
    "DepositForfeited",
    "DepositForfeitReversed r",
    "DepositForfeitReversed dispute_lost",
    "DepositForfeitReversed refund_after_release",
    "RefundApproved auto",
    "RefundApproved manual",
    "RefundRejected",
    "RefundInitiated again",
    "RefundProcessed",
    "RefundProcessed cash",
    "RefundProcessed unexpected_state",
    "RefundFailed",
    "RefundFailed final",
    "DisputeOpened deducted",
    "DisputeOpened dispute_overlap",
    "DisputeResolved won",
    "DisputeResolved lost",
    "DisputeResolved closed",
    "DisputeResolved uncovered",
    "InvoiceCredited",
    "InvoiceWrittenOff",
    "ClaimSubmitted",
    "ClaimCancelled",
    "ClaimClosed",
}


def _invoice(invoice_id: str, total: int) -> InvoiceIssued:
    return InvoiceIssued(
        invoice_no=invoice_id,
        patient_id="pat_asha",
        branch_id="brn_south",
        lines=(InvoiceLine(line_no=1, taxable_paise=total, gst_paise=0, total_paise=total),),
        total_paise=total,
        taxable_paise=total,
        gst_paise=0,
    )


def a_world() -> World:
    invoices = {"inv_1": _invoice("inv_1", 60_000), "inv_2": _invoice("inv_2", 700_000)}
    return World(till.a_booking_desk(), invoices)


@settings(max_examples=EXAMPLES, deadline=None, phases=[Phase.generate])
@given(seed=st.integers(0, 2**62))
def test_every_paisa_is_in_one_place_whatever_happens_inv_p1_p2_p3_p4(seed: int) -> None:
    """The checks stand in `World`, after every event. A failure names its seed; the histories before it are legal."""
    world = a_world()
    steps = Steps(world, seed)
    commands: Counter[bool] = Counter()
    for _ in range(HISTORIES):
        steps.history(LENGTH)
        commands[world.commands > LENGTH // 3] += 1
    assert not WANTED - set(world.seen), "histories have become too poor"
    assert commands[True] > 0.9 * HISTORIES
