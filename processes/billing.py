"""S6: a finished encounter is invoiced at the price that was quoted, and money already held is put against it."""

from __future__ import annotations

from event_store.aggregates.encounter.events import EncounterFinished
from event_store.aggregates.invoice.commands import IssueInvoice, NewLine
from event_store.aggregates.invoice.events import InvoiceIssued
from event_store.aggregates.payment.commands import AllocatePayment
from event_store.aggregates.payment.events import PaymentCaptured
from event_store.recorded import Recorded
from processes.world import World


def on_encounter_finished(event: Recorded, finished: EncounterFinished, world: World) -> None:
    encounter = world.state("encounter", event.stream_id.removeprefix("encounter-"))
    appointment = world.state("appointment", encounter.appointment_id)
    if appointment.price_quoted_paise == 0:
        return  # a free follow-up: nothing to bill
    service = world.state("tenant", event.tenant_id).service(appointment.service_id)
    line = NewLine(
        line_no=1,
        service_id=appointment.service_id,
        practitioner_id=encounter.practitioner_id,
        qty=1,
        unit_price_paise=appointment.price_quoted_paise,
        gst_bps=service.gst_bps if service else 0,
        tax_inclusive=True,  # what was quoted is what the patient pays
    )
    world.send(
        IssueInvoice(
            patient_id=encounter.patient_id,
            branch_id=encounter.branch_id,
            encounter_id=encounter.encounter_id,
            lines=(line,),
        )
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
    """Money paid for an invoice goes against it."""
    if captured.invoice_id is not None and event.payment_id is not None:
        _allocate(event.payment_id, captured.invoice_id, world)


def _allocate(payment_id: str, invoice_id: str, world: World) -> None:
    payment = world.state("payment", payment_id)
    invoice = world.state("invoice", invoice_id)
    allocated = sum(one.allocated_to(invoice_id) for one in world.related("payment", "invoice", invoice_id))
    amount_paise = min(payment.held_paise, invoice.outstanding(allocated))
    if amount_paise > 0:
        world.send(AllocatePayment(payment_id=payment_id, invoice_id=invoice_id, amount_paise=amount_paise), payment_id)
