"""What a decision needs to know of an invoice."""

from __future__ import annotations

from msgspec import Struct, field

from event_store.aggregates.invoice.events import (
    BillingImported,
    InvoiceCredited,
    InvoiceIssued,
    InvoiceLine,
    InvoiceWrittenOff,
)
from mymedic.deciding import Context, Guard, GuardChange, check
from mymedic.lives import machine
from mymedic.messages import Event
from mymedic.money import share_bps, tax_inside
from mymedic.series import next_number

MOST_PAISE = 10**14


class LineLeft(Struct):
    """What of a line has not been credited yet."""

    gst_bps: int
    taxable_paise: int
    gst_paise: int

    @property
    def total_paise(self) -> int:
        return self.taxable_paise + self.gst_paise


class ImportedCharge(Struct, frozen=True):
    """What another system's lines on one charge add up to; nothing of it is ever payable here."""

    is_charged: bool = False
    asked_paise: int = 0
    paid_paise: int = 0

    @property
    def is_over(self) -> bool:
        """More paid than asked for; not told before the charge itself is known, for a file has no order."""
        return self.is_charged and self.paid_paise > self.asked_paise

    def after(self, kind: str, amount_paise: int) -> ImportedCharge:
        if kind == "payment":
            return ImportedCharge(self.is_charged, self.asked_paise, self.paid_paise + amount_paise)
        asks = amount_paise if kind in ("charge", "transfer_in") else -amount_paise
        return ImportedCharge(self.is_charged or kind == "charge", self.asked_paise + asks, self.paid_paise)


class State(Struct):
    """`invoice_id` is set by whoever loads the stream.

    `status` is `issued`, or `entered-in-error` after a full credit; `balanced` depends on payments and claims, so it
    is asked with what stands against the invoice (INV-P3).
    """

    exists: bool = False
    invoice_id: str = ""
    invoice_no: str = ""
    status: str = ""
    patient_id: str = ""
    branch_id: str = ""
    encounter_id: str | None = None
    admission_id: str | None = None
    appointment_id: str | None = None
    total_paise: int = 0
    credited_paise: int = 0
    written_off_paise: int = 0
    lines: dict[int, LineLeft] = field(default_factory=dict)
    imported: ImportedCharge = ImportedCharge()

    @property
    def payable_paise(self) -> int:
        """What the invoice asks for after credits and write-offs."""
        return self.total_paise - self.credited_paise - self.written_off_paise

    def outstanding(self, allocated_paise: int, claimed_paise: int = 0) -> int:
        """INV-P3: what is still to be paid when so much is allocated to it, and so much claimed from payers.

        `mymedic.receivables.outstanding` asks with both as they are now.
        """
        return self.payable_paise - allocated_paise - claimed_paise

    def is_balanced(self, allocated_paise: int, claimed_paise: int = 0) -> bool:
        return self.outstanding(allocated_paise, claimed_paise) == 0

    def line(
        self,
        line_no: int,
        *,
        service_id: str,
        practitioner_id: str | None,
        qty: int,
        unit_price_paise: int,
        gst_bps: int,
        tax_inclusive: bool,
        sac: str,
        discount_paise: int = 0,
        service_request_id: str | None = None,
    ) -> InvoiceLine:
        """A line with its amounts: this is where an invoice's arithmetic is done, whoever bills (R-GST-1)."""
        gross = qty * unit_price_paise
        charged = gross - discount_paise
        if tax_inclusive:
            taxable, gst = tax_inside(charged, gst_bps)
        else:
            taxable, gst = charged, share_bps(charged, gst_bps)
        return InvoiceLine(
            line_no=line_no,
            service_id=service_id,
            practitioner_id=practitioner_id,
            qty=qty,
            unit_price_paise=unit_price_paise,
            gross_paise=gross,
            discount_paise=discount_paise,
            taxable_paise=taxable,
            gst_bps=gst_bps,
            gst_paise=gst,
            total_paise=taxable + gst,
            sac=sac,
            service_request_id=service_request_id,
        )

    def issue(
        self,
        context: Context,
        *,
        patient_id: str,
        branch_id: str,
        lines: tuple[InvoiceLine, ...],
        encounter_id: str | None = None,
        admission_id: str | None = None,
        appointment_id: str | None = None,
    ) -> InvoiceIssued:
        """The event that makes an invoice of lines: their sums, and the branch's next number."""
        check(lines, "INVOICE_EMPTY", "an invoice has at least one line")
        total = sum(line.total_paise for line in lines)
        check(total <= MOST_PAISE, "AMOUNT_INVALID", "the invoice is larger than any amount here may be")
        return InvoiceIssued(
            invoice_no=next_number(context, "invoice_no", branch_id),
            patient_id=patient_id,
            branch_id=branch_id,
            encounter_id=encounter_id,
            admission_id=admission_id,
            appointment_id=appointment_id,
            lines=lines,
            total_paise=total,
            taxable_paise=sum(line.taxable_paise for line in lines),
            gst_paise=sum(line.gst_paise for line in lines),
        )


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state, in place."""
    match event:
        case InvoiceIssued():
            _issue(state, event)
        case InvoiceCredited():
            state.credited_paise += event.total_paise
            for line in event.lines:
                left = state.lines[line.line_no]
                left.taxable_paise -= line.taxable_paise
                left.gst_paise -= line.gst_paise
            if state.credited_paise == state.total_paise:
                state.status = "entered-in-error"
        case InvoiceWrittenOff():
            state.written_off_paise += event.amount_paise
        case BillingImported():
            state.exists, state.status = True, "imported"
            state.patient_id = event.patient_ref
            state.branch_id = event.branch_ref or state.branch_id
            state.imported = state.imported.after(event.kind, event.amount_paise)


def _issue(state: State, event: InvoiceIssued) -> None:
    state.exists = True
    state.status = "issued"
    state.invoice_no = event.invoice_no
    state.patient_id = event.patient_id
    state.branch_id = event.branch_id
    state.encounter_id = event.encounter_id
    state.admission_id = event.admission_id
    state.appointment_id = event.appointment_id
    state.total_paise = event.total_paise
    state.lines = {line.line_no: _left(line) for line in event.lines}


def _left(line: InvoiceLine) -> LineLeft:
    return LineLeft(gst_bps=line.gst_bps or 0, taxable_paise=line.taxable_paise, gst_paise=line.gst_paise)


def guards(state: State, event: Event) -> GuardChange | None:
    """The unique facts that an event claims and gives back; `state` is the state before the event."""
    match event:
        case InvoiceIssued():
            return GuardChange(claim=[Guard("invoice_no", event.invoice_no)])
        case InvoiceCredited():
            return GuardChange(claim=[Guard("credit_note_no", event.credit_note_no)])
        case BillingImported():
            return GuardChange(claim=[Guard("external_ref", external_key(event.source_system, event.external_ref))])
    return None


def external_key(source_system: str, external_ref: str) -> str:
    return f"billing#{source_system}#{external_ref}"


MACHINES = (
    machine(
        "Invoice",
        """
        InvoiceIssued: - > issued
        InvoiceCredited: issued > entered-in-error
        BillingImported: - > imported
        """,
    ),
)
