"""What may be asked of an invoice."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from mymedic.messages import Bps, Command, Id, Paise, PositivePaise, Text, Value

LineNo = Annotated[int, Meta(ge=1, le=999)]
Quantity = Annotated[int, Meta(ge=1, le=100_000)]


class NewLine(Value, frozen=True, kw_only=True):
    line_no: LineNo
    service_id: Id
    practitioner_id: Id | None = None
    qty: Quantity
    unit_price_paise: Paise
    discount_paise: Paise = 0
    gst_bps: Bps
    tax_inclusive: bool
    service_request_id: Id | None = None


class CreditLine(Value, frozen=True, kw_only=True):
    """`amount_paise` includes the tax."""

    line_no: LineNo
    amount_paise: PositivePaise


class IssueInvoice(Command, frozen=True, kw_only=True):
    """`invoice_no` is the next of its branch and fiscal year; who gives one is refused unless it is that number."""

    who: ClassVar = frozenset({"FD", "FN", "SY"})
    patient_id: Id
    branch_id: Id
    encounter_id: Id | None = None
    admission_id: Id | None = None
    lines: tuple[NewLine, ...]
    invoice_no: Text | None = None


class IssueCreditNote(Command, frozen=True, kw_only=True):
    who: ClassVar = frozenset({"FN"})
    invoice_id: Id
    lines: tuple[CreditLine, ...]
    reason: Text


class WriteOffBalance(Command, frozen=True, kw_only=True):
    who: ClassVar = frozenset({"FN"})
    invoice_id: Id
    amount_paise: PositivePaise
    reason: Text
