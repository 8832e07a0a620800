"""What may be asked of an invoice."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from event_store.aggregates.invoice.events import BillingKind, Currency, ForeignRef
from mymedic.messages import Bps, Command, Id, Paise, PositivePaise, Text, Timestamp, Value

# an intensive-care stay of months has more than a thousand charges, each a line of its own
LineNo = Annotated[int, Meta(ge=1, le=99_999)]
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
    """C57. `invoice_no` is the next of its branch and fiscal year; another one is refused."""

    who: ClassVar = frozenset({"FD", "FN", "SY"})
    patient_id: Id
    branch_id: Id
    encounter_id: Id | None = None
    admission_id: Id | None = None
    lines: tuple[NewLine, ...]
    invoice_no: Text | None = None


class IssueCreditNote(Command, frozen=True, kw_only=True):
    """C58."""

    who: ClassVar = frozenset({"FN"})
    invoice_id: Id
    lines: tuple[CreditLine, ...]
    reason: Text


class WriteOffBalance(Command, frozen=True, kw_only=True):
    """C59."""

    who: ClassVar = frozenset({"FN"})
    invoice_id: Id
    amount_paise: PositivePaise
    reason: Text


class ImportBilling(Command, frozen=True, kw_only=True):
    """C127. One line of another system's billing; `charge_ref` names the charge that it pays or changes.

    Charges that are billed and paid together, as the lines of one claim, share a `charge_ref` and are added up.

    `is_taken_as_inr` takes the minor units of another currency for paise: figures to analyse, not books.
    """

    who: ClassVar = frozenset({"EN"})
    source_system: ForeignRef
    external_ref: ForeignRef
    patient_ref: ForeignRef
    branch_ref: ForeignRef | None = None
    kind: BillingKind
    charge_ref: ForeignRef | None = None
    amount_paise: Paise
    currency: Currency = "INR"
    is_taken_as_inr: bool = False
    method: ForeignRef | None = None
    occurred_at: Timestamp
