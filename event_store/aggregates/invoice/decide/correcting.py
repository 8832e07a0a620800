"""Taking back what was billed: credit notes by line, and writing off what will not be paid (INV-P3)."""

from __future__ import annotations

from collections.abc import Iterator

from event_store.aggregates.invoice.commands import CreditLine, IssueCreditNote, WriteOffBalance
from event_store.aggregates.invoice.events import InvoiceCredited, InvoiceLine, InvoiceWrittenOff
from event_store.aggregates.invoice.state import State
from mymedic.deciding import Context, check
from mymedic.errors import Refused
from mymedic.messages import Event, On
from mymedic.money import tax_inside
from mymedic.receivables import claimed, outstanding
from mymedic.series import next_number


def issue_credit_note(state: State, command: IssueCreditNote, context: Context) -> Iterator[Event | On]:
    check(command.lines, "VALIDATION_FAILED", "a credit note names at least one line", field="lines")
    numbers = [line.line_no for line in command.lines]
    check(len(set(numbers)) == len(numbers), "VALIDATION_FAILED", "a line is credited twice", field="lines")
    lines = tuple(_credited(state, line) for line in command.lines)
    total = sum(line.total_paise for line in lines)
    # What is claimed is between us and the payer: that claim is cancelled or closed first.
    payable = state.outstanding(0, claimed(context, context.id))
    check(
        total <= payable,
        "CREDIT_EXCEEDS_INVOICE",
        "part of the invoice has been written off or claimed already",
        payable_paise=payable,
    )
    yield InvoiceCredited(
        credit_note_no=next_number(context, "credit_note_no", state.branch_id, "CN"),
        lines=lines,
        total_paise=total,
        reason=command.reason,
    )
    yield from _deallocations(context, payable - total)


def write_off_balance(state: State, command: WriteOffBalance, context: Context) -> Iterator[Event]:
    due = outstanding(context, context.id)
    check(
        command.amount_paise <= due,
        "ALLOCATION_EXCEEDS_INVOICE",
        "there is less outstanding",
        outstanding_paise=due,
    )
    yield InvoiceWrittenOff(amount_paise=command.amount_paise, reason=command.reason)


def _credited(state: State, credit: CreditLine) -> InvoiceLine:
    """R-GST-1 splits the credit, and never beyond what is left of the line's tax and of what it was asked on.

    So one that takes all that is left takes both to the paisa, however earlier credits of the line were rounded.
    """
    left = state.lines.get(credit.line_no)
    if left is None:
        raise Refused("VALIDATION_FAILED", f"the invoice has no line {credit.line_no}", line_no=credit.line_no)
    check(
        credit.amount_paise <= left.total_paise,
        "CREDIT_EXCEEDS_INVOICE",
        "more than is left of the line",
        line_no=credit.line_no,
        left_paise=left.total_paise,
    )
    taxable, _ = tax_inside(credit.amount_paise, left.gst_bps)
    taxable = max(min(taxable, left.taxable_paise), credit.amount_paise - left.gst_paise)
    return InvoiceLine(
        line_no=credit.line_no,
        taxable_paise=taxable,
        gst_paise=credit.amount_paise - taxable,
        total_paise=credit.amount_paise,
    )


def _deallocations(context: Context, payable: int) -> Iterator[On]:
    """Money above what is now payable goes back to its payments, the newest payment first."""
    payments = sorted(
        (
            payment
            for payment in context.related("payment", "invoice", context.id)
            if payment.allocated_to(context.id) > 0
        ),
        key=lambda payment: (payment.captured_at, payment.payment_id),
        reverse=True,
    )
    excess = sum(payment.allocated_to(context.id) for payment in payments) - payable
    for payment in payments:
        part = min(excess, payment.allocated_to(context.id))
        if part <= 0:
            return
        excess -= part
        yield On("payment", payment.payment_id, payment.deallocate(context.id, part, "credit_note"))
