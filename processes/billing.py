"""S6: a finished encounter is invoiced at the price that was quoted, and money already held is put against it."""

from __future__ import annotations

from typing import Any

from event_store.aggregates.encounter.events import EncounterFinished
from event_store.aggregates.invoice.commands import IssueInvoice, NewLine
from event_store.aggregates.invoice.events import InvoiceIssued
from event_store.aggregates.payment.commands import AllocatePayment
from event_store.aggregates.payment.events import DisputeResolved, PaymentCaptured
from event_store.recorded import Recorded
from mymedic.patients import related_to
from mymedic.receivables import outstanding
from processes import booking
from processes.world import World


def on_encounter_finished(event: Recorded, finished: EncounterFinished, world: World) -> None:
    encounter = world.state("encounter", event.stream_id.removeprefix("encounter-"))
    appointment = world.state("appointment", encounter.appointment_id)
    if appointment.price_quoted_paise == 0 or _is_billed(encounter.encounter_id, appointment, world):
        return  # a free follow-up, or the front desk was quicker
    service = world.state("tenant", event.tenant_id).service(appointment.service_id)
    line = NewLine(
        line_no=1,
        service_id=appointment.service_id,
        practitioner_id=encounter.practitioner_id,
        qty=1,
        unit_price_paise=appointment.price_quoted_paise,
        gst_bps=service.gst_bps if service else 0,
        tax_inclusive=True,  # what was quoted is what the patient pays
        service_request_id=_performed(encounter, appointment.service_id, world),
    )
    world.send(
        IssueInvoice(
            patient_id=encounter.patient_id,
            branch_id=encounter.branch_id,
            encounter_id=encounter.encounter_id,
            lines=(line,),
        )
    )


def _performed(encounter: Any, service_id: str, world: World) -> str | None:
    """The service request that was performed in the encounter with the service that was booked."""
    theirs = related_to(world, "service_request", encounter.patient_id)
    done = [
        one.service_request_id
        for one in theirs
        if one.performed_encounter_id == encounter.encounter_id and one.service_id == service_id
    ]
    return min(done, default=None)


def _is_billed(encounter_id: str, appointment: Any, world: World) -> bool:
    """Whether a standing invoice of the encounter has a line for what was booked."""
    return any(
        line.service_id == appointment.service_id
        for invoice in world.related("invoice", "appointment", appointment.appointment_id)
        if invoice.encounter_id == encounter_id and invoice.status == "issued"
        for issued in world.history("invoice", invoice.invoice_id)
        if isinstance(issued, InvoiceIssued)
        for line in issued.lines
    )


def on_invoice_issued(event: Recorded, issued: InvoiceIssued, world: World) -> None:
    """Deposits of the invoiced appointment pay first, oldest first."""
    appointment_id = event.appointment_id
    if appointment_id is None:
        return
    payments = [one for one in world.related("payment", "appointment", appointment_id) if one.held_paise > 0]
    for payment in sorted(payments, key=lambda one: (one.captured_at, one.payment_id)):
        _allocate(payment.payment_id, event.stream_id.removeprefix("invoice-"), world)


def on_capture(event: Recorded, captured: PaymentCaptured, world: World) -> None:
    if event.payment_id is None:
        return
    _put_to_use(event.payment_id, captured, world)
    if captured.late_capture and captured.invoice_id is not None:  # it was paid in another way meanwhile
        booking.give_back(event.payment_id, "late_capture", world)


def on_dispute_resolved(event: Recorded, _: DisputeResolved, world: World) -> None:
    """What was disputed when the invoice was written could not be put against it then."""
    if event.payment_id is not None:
        payment = world.state("payment", event.payment_id)
        if not payment.has_open_dispute:
            _put_to_use(event.payment_id, payment, world)


def _put_to_use(payment_id: str, paid: Any, world: World) -> None:
    """Money paid for an invoice goes against it; for an appointment or a stay, against what was billed for it."""
    if paid.invoice_id is not None:
        _allocate(payment_id, paid.invoice_id, world)
    elif paid.appointment_id is not None:
        for invoice in world.related("invoice", "appointment", paid.appointment_id):
            _allocate(payment_id, invoice.invoice_id, world, invoice.invoice_id)
    elif paid.admission_id is not None:
        bill_id = world.state("admission", paid.admission_id).invoice_id
        if bill_id is not None:  # until then an advance waits for it
            _allocate(payment_id, bill_id, world)


def _allocate(payment_id: str, invoice_id: str, world: World, *about: str) -> None:
    payment = world.state("payment", payment_id)
    amount_paise = min(payment.held_paise, outstanding(world, invoice_id))
    if amount_paise > 0:
        command = AllocatePayment(payment_id=payment_id, invoice_id=invoice_id, amount_paise=amount_paise)
        world.send(command, payment_id, *about)
