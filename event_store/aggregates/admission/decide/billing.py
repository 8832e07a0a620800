"""The bill of a stay: one invoice of all charges that stand, and the advances put against it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from event_store.aggregates.admission.commands import FinalizeAdmissionBill
from event_store.aggregates.admission.events import AdmissionBilled
from event_store.aggregates.admission.state import State
from mymedic.deciding import Context, check
from mymedic.messages import Event, On


def finalize_bill(state: State, command: FinalizeAdmissionBill, context: Context) -> Iterator[Event | On]:
    """What was charged is what is billed: prices of charges include the tax, so their sum is the invoice's."""
    is_over = state.status in ("billed", "cancelled")
    check(not is_over, "INVALID_STATE", f"the admission is {state.status}", status=state.status)
    check(
        state.status == "discharged",
        "DISCHARGE_BLOCKED",
        "the patient has to be discharged before the bill is final",
        status=state.status,
    )
    invoice_id = context.new_id("inv")
    issued = context.state("invoice", invoice_id).issue(
        context,
        patient_id=state.patient_id,
        branch_id=state.branch_id,
        admission_id=context.id,
        lines=tuple(_lines(state, invoice_id, context)),
    )
    left = issued.total_paise
    allocations: list[On] = []
    advances = _advances(context)
    for payment in advances:
        part = min(left, payment.held_paise)
        if part > 0:
            allocations.append(On("payment", payment.payment_id, payment.allocate(context, invoice_id, part)))
            left -= part
    applied = issued.total_paise - left
    yield AdmissionBilled(
        invoice_id=invoice_id,
        total_paise=issued.total_paise,
        advance_applied_paise=applied,
        excess_paise=sum(payment.held_paise for payment in advances) - applied,
    )
    yield On("invoice", invoice_id, issued)
    yield from allocations


def _lines(state: State, invoice_id: str, context: Context) -> Iterator[Any]:
    """A line for each charge of which something stands, in the order of posting."""
    invoice = context.state("invoice", invoice_id)
    tenant = context.state("tenant", context.tenant_id)
    standing = (charge for charge in state.charges.values() if charge.standing_qty)
    for line_no, charge in enumerate(standing, start=1):
        service = tenant.service(charge.service_id)
        yield invoice.line(
            line_no,
            service_id=charge.service_id,
            practitioner_id=charge.practitioner_id,
            qty=charge.standing_qty,
            unit_price_paise=charge.unit_price_paise,
            gst_bps=service.gst_bps,
            tax_inclusive=True,
            sac=service.sac,
        )


def _advances(context: Context) -> list[Any]:
    """Payments of this admission with money that is free, oldest first; one for another invoice is spoken for."""
    payments = context.related("payment", "admission", context.id)
    free = [payment for payment in payments if payment.invoice_id is None and payment.held_paise > 0]
    return sorted(free, key=lambda payment: (payment.captured_at, payment.payment_id))
