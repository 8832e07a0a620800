"""What the books remember of each visit, payment, refund, drawer and settlement, noted at the moment it happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

from event_store.aggregates.appointment.events import Initiator, Mode, VisitType
from event_store.aggregates.payment import events as payment
from mymedic.messages import EntryChannel
from simulator.books.care import Advice, FollowUp
from simulator.cast import Branch, Person, Practitioner, Service, Slot

if TYPE_CHECKING:
    from simulator.books.bills import Bill

VisitStatus = Literal[
    "pending", "booked", "checked-in", "arrived", "fulfilled", "noshow", "cancelled", "hold_expired", "error"
]


@dataclass(slots=True, eq=False)
class Visit:
    """An appointment. `tick` numbers order what happened at equal instants."""

    id: str
    branch: Branch
    practitioner: Practitioner
    person: Person
    service: Service
    visit_type: VisitType
    mode: Mode
    channel: EntryChannel
    slot: Slot
    first_start_at: datetime
    price_paise: int
    deposit_required_paise: int
    is_free: bool
    status: VisitStatus = "pending"
    booked_at: datetime | None = None
    booked_tick: int = 0
    is_new: bool = False
    prior_noshows: int = 0
    deposit_paid_paise: int = 0
    initiator: Initiator | None = None
    is_unseen: bool = False
    lead_seconds: int = 0
    penalty_floor_bps: int = 0
    reschedules: int = 0
    patient_reschedules: int = 0
    released_at: datetime | None = None
    released_tick: int = 0
    was_full: bool = False
    forfeit_paise: int = 0
    forfeit_gst_paise: int = 0
    forgiven_paise: int = 0
    billed_on: date | None = None
    list_paise: int = 0
    worked_seconds: int = 0
    invoice_id: str | None = None
    bill: Bill | None = None
    receipts: list[Receipt] = field(default_factory=list)
    started_at: datetime | None = None
    credits_paise: list[int] = field(default_factory=list)
    advice: Advice | None = None
    followup: FollowUp | None = None

    @property
    def start_at(self) -> datetime:
        return self.slot.start_at

    @property
    def is_active(self) -> bool:
        return self.status in ("pending", "booked", "checked-in", "arrived")

    @property
    def held_paise(self) -> int:
        return sum(receipt.held_paise for receipt in self.receipts if not receipt.is_late)


@dataclass(slots=True, frozen=True)
class GivenAway:
    """Something worth so much that a patient got at a visit and nobody pays for: never billed, or billed at nothing."""

    id: str
    visit: Visit
    amount_paise: int
    at: datetime


@dataclass(slots=True, eq=False)
class Line:
    """A row of a gateway's or acquirer's file, in paise, and what the simulator meant by it.

    `role`: whole, short, over, part, duplicate, held, orphan, conflict, refund, adjustment, hold or release.
    `is_extra`: the row would not be there without a fault.
    """

    role: str
    entity_type: str
    entity_id: str
    amount_paise: int
    fee_paise: int
    tax_paise: int
    credit_paise: int
    debit_paise: int
    created_at: datetime
    receipt: Receipt | None = None
    refund: Refund | None = None
    description: str = ""
    settlement_id: str = ""
    line_id: str = ""
    recorded_on: date | None = None
    dispute: Dispute | None = None
    is_extra: bool = False


@dataclass(slots=True, eq=False)
class Receipt:
    """A payment. `captured_at` is None until the product knows of the capture; `is_extra` when it was never wanted.

    `lost_paise` is what a lost dispute took back: the bill that it had paid is open again.
    An inpatient's is for the stay, not for `visit`, which led to it.
    """

    id: str
    branch: Branch
    visit: Visit
    purpose: payment.Purpose
    amount_paise: int
    mode: payment.Mode
    channel: payment.Channel
    gateway: str | None = None
    gateway_payment_id: str | None = None
    order_id: str | None = None
    rrn: str | None = None
    terminal_id: str | None = None
    card_type: str = ""
    card_network: str = ""
    captured_at: datetime | None = None
    paid_at: datetime | None = None
    due_on: date | None = None
    grace_on: date | None = None
    drawer: Drawer | None = None
    is_late: bool = False
    is_missed: bool = False
    is_reversed: bool = False
    is_extra: bool = False
    lost_paise: int = 0
    fault: str = ""
    overcharged_paise: int = 0
    used_paise: int = 0
    refunds: list[Refund] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    banked_paise: int = 0
    is_inpatient: bool = False

    @property
    def appointment(self) -> Visit | None:
        """The visit that is paid for."""
        return None if self.is_inpatient else self.visit

    @property
    def held_paise(self) -> int:
        """Captured and neither refunded, forfeited nor put against a bill."""
        return (self.amount_paise if self.captured_at else 0) - self.used_paise


@dataclass(slots=True, eq=False)
class Refund:
    """`id` is the product's, learnt when it asks the gateway or the desk to pay."""

    id: str
    receipt: Receipt
    amount_paise: int
    destination: str
    gateway_refund_id: str | None = None
    processed_at: datetime | None = None
    due_on: date | None = None
    grace_on: date | None = None
    is_instant: bool = False
    is_given_up: bool = False
    attempts: int = 0
    reference: str | None = None
    lines: list[Line] = field(default_factory=list)
    banked_paise: int = 0


@dataclass(slots=True, eq=False)
class Dispute:
    """A payer's bank takes a payment back, for the time being or for good. `state`: open, won or lost."""

    id: str
    receipt: Receipt
    amount_paise: int
    opened_at: datetime
    state: str = "open"
    lines: list[Line] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class StrayCredit:
    """Money on the bank statement that no payment of ours explains; the line's id is learnt from the product."""

    rrn: str
    amount_paise: int
    value_on: date
    bank_line_id: str = ""


@dataclass(slots=True, eq=False)
class Drawer:
    """A cash session of a branch's only drawer."""

    id: str
    branch: Branch
    opened_at: datetime
    float_paise: int
    expected_paise: int
    counted_paise: int | None = None
    closed_at: datetime | None = None
    drop_paise: int = 0
    fault: str = ""


@dataclass(slots=True, eq=False)
class Deposit:
    """Cash carried to the bank: one slip per drawer."""

    account: str
    slip_no: str
    drawer: Drawer
    amount_paise: int
    deposited_on: date
    due_on: date
    grace_on: date
    banked_paise: int = 0


@dataclass(slots=True, eq=False)
class Batch:
    """A settlement. `payout_paise` is what the gateway owes the bank account for it after earlier debts.

    `base_net_paise` is what it would have come to without any fault.
    """

    settlement_id: str
    gateway: str
    settled_on: date
    utr: str
    lines: list[Line]
    payout_paise: int
    is_negative: bool
    grace_on: date
    base_net_paise: int = 0
    banked_paise: int = 0
    banked_on: date | None = None
    bank_line_id: str = ""

    @property
    def net_paise(self) -> int:
        return sum(line.credit_paise - line.debit_paise for line in self.lines)


@dataclass(slots=True, eq=False)
class Fault:
    """One placed fault, as it goes into the truth."""

    fault: str
    number: int
    leg: str
    expected_class: str
    entity_ids: list[str]
    branch_id: str
    amount_paise: int
    detected_from: date | None
