"""Captured money is set against invoices, and taken back from them."""

from __future__ import annotations

from event_store.aggregates.payment.commands import AllocatePayment, DeallocatePayment
from event_store.aggregates.payment.decide.subject import check_same_patient
from event_store.aggregates.payment.events import DepositForfeitReversed, PaymentDeallocated
from event_store.aggregates.payment.state import State
from mymedic.deciding import Context, check
from mymedic.messages import Event
from mymedic.receivables import outstanding


def allocate_payment(state: State, command: AllocatePayment, context: Context) -> list[Event]:
    invoice = context.require("invoice", command.invoice_id)
    check_same_patient(context, state.patient_id, invoice.patient_id, "invoice_id")
    check(
        command.amount_paise <= state.available_paise,
        "ALLOCATION_EXCEEDS_PAYMENT",
        f"the payment has {state.available_paise} paise available",
        available_paise=state.available_paise,
    )
    due = outstanding(context, command.invoice_id)
    check(
        command.amount_paise <= due,
        "ALLOCATION_EXCEEDS_INVOICE",
        f"the invoice has {due} paise outstanding",
        outstanding_paise=due,
    )
    return [state.allocate(context, command.invoice_id, command.amount_paise)]


def deallocate_payment(state: State, command: DeallocatePayment, context: Context) -> list[Event]:
    allocated = state.allocated_to(command.invoice_id)
    check(
        command.amount_paise <= allocated,
        "ALLOCATION_EXCEEDS_PAYMENT",
        f"{allocated} paise of the payment stand against this invoice",
        allocated_paise=allocated,
    )
    return [state.deallocate(command.invoice_id, command.amount_paise, command.reason)]


def free(
    state: State, wanted_paise: int, reason: str
) -> tuple[list[PaymentDeallocated], list[DepositForfeitReversed], int]:
    """What has to be undone so that `wanted_paise` are available, and how much of it then is.

    First allocations, newest first and only as far as needed; then whole forfeits, newest first (a forfeit and its
    tax are one supply and are not split), so that more may come free than was wanted.
    """
    short = wanted_paise - state.available_paise
    deallocated: list[PaymentDeallocated] = []
    for allocation in reversed(state.allocations):
        if short > 0:
            taken = min(short, allocation.amount_paise)
            deallocated.append(state.deallocate(allocation.invoice_id, taken, reason))
            short -= taken
    undone: list[DepositForfeitReversed] = []
    for forfeit_id, forfeit in reversed(state.forfeits.items()):
        if short > 0 and not forfeit.is_reversed:
            undone.append(
                DepositForfeitReversed(
                    forfeit_id=forfeit_id,
                    amount_paise=forfeit.amount_paise,
                    gst_paise=forfeit.gst_paise,
                    reason=reason,
                )
            )
            short -= forfeit.amount_paise
    return deallocated, undone, wanted_paise - max(0, short)
