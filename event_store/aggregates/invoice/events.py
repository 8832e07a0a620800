"""What happens to an invoice."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from mymedic.messages import Bps, Count, Event, Id, Paise, PositivePaise, Text, Value

MONEY = ("financial_gst",)

BillingKind = Literal["charge", "payment", "transfer_in", "transfer_out", "adjustment"]
# A name that another system gave: any text, because nobody asked us when they chose it.
ForeignRef = Annotated[str, Meta(min_length=1, max_length=128)]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}(?!\n)$")]


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


class BillingImported(Event, frozen=True, kw_only=True):
    """A line of another system's billing; the refs stand as the import gave them, and the envelope says when it was.

    A charge asks for money, so does what is transferred in; an adjustment and what is transferred out ask for less.
    A `currency` other than INR: the amount is that currency's minor units, for analysis only. Flag `over_collected`:
    more was paid than the charges of this `charge_ref`, or this charge alone, ask for, as far as they are known.
    """

    retention: ClassVar = MONEY
    source_system: ForeignRef
    external_ref: ForeignRef
    patient_ref: ForeignRef
    branch_ref: ForeignRef | None = None
    kind: BillingKind
    charge_ref: ForeignRef | None = None
    amount_paise: Paise
    currency: Currency
    method: ForeignRef | None = None
    is_imputed_branch: bool = False
    flags: tuple[Literal["over_collected"], ...] = ()


EVENTS: tuple[type[Event], ...] = (InvoiceIssued, InvoiceCredited, InvoiceWrittenOff, BillingImported)
