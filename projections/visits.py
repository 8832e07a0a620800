"""What an appointment has become, as a desk and a doctor see it: its encounter, and the money that stands for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from event_store.aggregates.appointment import events as a
from event_store.aggregates.appointment.state import ACTIVE
from event_store.aggregates.encounter import events as n
from event_store.aggregates.invoice import events as i
from event_store.aggregates.payment import events as p
from event_store.recorded import Recorded
from mymedic.messages import Event
from projections.projection import Fold, folds
from projections.row import R, Row
from projections.seats import SEATED
from projections.view import View


class Visit(Row, frozen=True, kw_only=True):
    """What the streams beside the appointment's own tell of it; each projection keeps it in a table of its own."""

    appointment_id: str
    encounter_id: str | None = None
    wait_seconds: int | None = None
    is_new_patient: bool | None = None
    prior_noshow_count: int | None = None
    payment_ids: tuple[str, ...] = ()
    invoice_ids: tuple[str, ...] = ()


# Whose states tell it.
VISITED = ("appointment", "encounter", "payment", "invoice")
# What moves money to a visit or away from it; what is asked for or promised does not yet.
_MONEY: tuple[type[Event], ...] = (
    p.PaymentCaptured,
    p.PaymentAllocated,
    p.PaymentDeallocated,
    p.PaymentReversed,
    p.RefundProcessed,
    p.DisputeResolved,
)

Show = Callable[[Event | None, View, Visit], None]


def visit_of(view: View, visit_class: type[Visit], appointment_id: str) -> Visit:
    """What is remembered of an appointment."""
    found = view.get(visit_class, appointment_id)
    return found or visit_class(tenant_id=view.tenant_id, appointment_id=appointment_id)


def status_of(view: View, visit: Visit) -> str:
    """The appointment's status; `arrived` while an encounter of it is open."""
    status: str = view.state("appointment", visit.appointment_id).status
    if visit.encounter_id and status in ACTIVE:
        return "arrived" if view.state("encounter", visit.encounter_id).status == "in-progress" else status
    return status


def paid_paise(view: View, visit: Visit) -> int:
    """Captured for the visit and not gone back: payments that name the appointment, and others put to its invoices."""
    paid = 0
    for payment_id in visit.payment_ids:
        payment = view.state("payment", payment_id)
        if payment.appointment_id == visit.appointment_id:
            gone = payment.refunded_paise + payment.reversed_paise + payment.dispute_lost_covered_paise
            paid += payment.captured_paise - gone
        elif payment.appointment_id is None:
            paid += sum(payment.allocated_to(invoice_id) for invoice_id in visit.invoice_ids)
    return paid


def due_paise(view: View, visit: Visit) -> int:
    """What is still to be paid: of its invoices once there are any, before that of the price, if it came about."""
    payments = [view.state("payment", payment_id) for payment_id in visit.payment_ids]
    if visit.invoice_ids:
        invoices = [(id, view.state("invoice", id)) for id in visit.invoice_ids]
        left = (one.outstanding(sum(payment.allocated_to(id) for payment in payments)) for id, one in invoices)
        return sum(max(0, paise) for paise in left)
    appointment = view.state("appointment", visit.appointment_id)
    if appointment.status not in SEATED:
        return 0
    return max(0, appointment.price_quoted_paise - paid_paise(view, visit))


def followed(visit_class: type[R], show: Show) -> dict[type[Event], Fold]:
    """Folds that keep the visits of a projection level and show each that has changed."""
    kept: Any = visit_class

    def change(happened: Event, view: View, appointment_id: str | None, **changes: Any) -> None:
        if not appointment_id:
            return
        visit = view.get(kept, appointment_id)
        if visit is None or changes:
            visit = msgspec.structs.replace(visit_of(view, kept, appointment_id), **changes)
            view.put(visit)
        show(happened, view, visit)

    def on_appointment(event: Recorded, happened: Any, view: View) -> None:
        told = {}
        if isinstance(happened, a.AppointmentBooked):
            told = {"is_new_patient": happened.is_new_patient, "prior_noshow_count": happened.prior_noshow_count}
        change(happened, view, event.stream_id.removeprefix("appointment-"), **told)

    def on_encounter(event: Recorded, happened: Any, view: View) -> None:
        encounter_id = event.stream_id.removeprefix("encounter-")
        appointment_id = view.state("encounter", encounter_id).appointment_id
        told: dict[str, Any] = {}
        if isinstance(happened, n.EncounterStarted):
            told = {"encounter_id": encounter_id, "wait_seconds": happened.wait_seconds}
        elif isinstance(happened, n.EncounterCancelled):
            told = {"encounter_id": None, "wait_seconds": None}
        change(happened, view, appointment_id, **told)

    def on_payment(event: Recorded, happened: Any, view: View) -> None:
        payment_id = event.stream_id.removeprefix("payment-")
        payment = view.state("payment", payment_id)
        invoices = [allocation.invoice_id for allocation in payment.allocations]
        if isinstance(happened, p.PaymentAllocated | p.PaymentDeallocated):
            invoices.append(happened.invoice_id)
        concerned = [payment.appointment_id, *(view.state("invoice", id).appointment_id for id in invoices)]
        for appointment_id in dict.fromkeys(one for one in concerned if one):
            known = visit_of(view, kept, appointment_id).payment_ids
            told = {} if payment_id in known else {"payment_ids": tuple(sorted((*known, payment_id)))}
            change(happened, view, appointment_id, **told)

    def on_invoice(event: Recorded, happened: Any, view: View) -> None:
        invoice_id = event.stream_id.removeprefix("invoice-")
        appointment_id = view.state("invoice", invoice_id).appointment_id
        if appointment_id:
            known = visit_of(view, kept, appointment_id).invoice_ids
            told = {} if invoice_id in known else {"invoice_ids": tuple(sorted((*known, invoice_id)))}
            change(happened, view, appointment_id, **told)

    return (
        folds(on_appointment, *a.EVENTS)
        | folds(on_encounter, *n.EVENTS)
        | folds(on_payment, *_MONEY)
        | folds(on_invoice, i.InvoiceIssued, i.InvoiceCredited, i.InvoiceWrittenOff)
    )
