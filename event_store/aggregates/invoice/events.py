"""What happens to an invoice."""

from __future__ import annotations

from typing import ClassVar

from mymedic.messages import Bps, Count, Event, Id, Paise, PositivePaise, Text, Value

MONEY = ("financial_gst",)


class InvoiceLine(Value, frozen=True, kw_only=True):
    """A line of an invoice, or of a credit note, which names the line and gives its three amounts only."""

    line_no: Count
    service_id: Id | None = None
    practitioner_id: Id | None = None
    qty: Count | None = None
    unit_price_paise: Paise | None = None
    gross_paise: Paise | None = None
    discount_paise: Paise | None = None
    taxable_paise: Paise
    gst_bps: Bps | None = None
    gst_paise: Paise
    total_paise: Paise
    sac: Text | None = None
    service_request_id: Id | None = None


class InvoiceIssued(Event, frozen=True, kw_only=True):
    retention: ClassVar = ("financial_gst", "medico_legal")
    invoice_no: Text
    patient_id: Id
    branch_id: Id
    encounter_id: Id | None = None
    admission_id: Id | None = None
    appointment_id: Id | None = None
    lines: tuple[InvoiceLine, ...]
    total_paise: Paise
    taxable_paise: Paise
    gst_paise: Paise


class InvoiceCredited(Event, frozen=True, kw_only=True):
    retention: ClassVar = MONEY
    credit_note_no: Text
    lines: tuple[InvoiceLine, ...]
    total_paise: Paise
    reason: Text


class InvoiceWrittenOff(Event, frozen=True, kw_only=True):
    retention: ClassVar = MONEY
    amount_paise: PositivePaise
    reason: Text


EVENTS: tuple[type[Event], ...] = (InvoiceIssued, InvoiceCredited, InvoiceWrittenOff)
