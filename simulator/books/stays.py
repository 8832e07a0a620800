"""What the books remember of beds, stays and what payers were asked for, noted at the moment it happens."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from event_store.aggregates.admission.events import BedClass
from simulator.books.bills import Bill, BillLine
from simulator.books.records import Visit
from simulator.cast import Branch, Person, Practitioner

Begun = Literal["admission", "transfer"]
Ended = Literal["discharge", "transfer"]


@dataclass(slots=True, eq=False)
class Bed:
    """`said` is what was said of it while nobody lay there: (from when on, status), oldest first."""

    id: str
    branch: Branch
    ward: str
    bed_class: BedClass
    said: list[tuple[datetime, str]]
    lies: list[Lie] = field(default_factory=list)

    @property
    def holder(self) -> Stay | None:
        """Who lies there now; also one whose admission will turn out to be a mistake."""
        last = self.lies[-1] if self.lies else None
        return last.stay if last is not None and last.until is None else None

    @property
    def is_ready(self) -> bool:
        return self.holder is None and self.said[-1][1] == "available"


@dataclass(slots=True, eq=False)
class Lie:
    """Time of a stay in one bed."""

    stay: Stay
    bed: Bed
    since: datetime
    begun: Begun
    until: datetime | None = None
    ended: Ended | None = None

    def covers(self, moment: datetime) -> bool:
        return self.since <= moment and (self.until is None or moment < self.until)


@dataclass(slots=True, eq=False)
class Stay:
    """An admission. `charged_paise` is less what was taken back."""

    id: str
    visit: Visit
    bed_class: BedClass
    visit_no: str
    lies: list[Lie] = field(default_factory=list)
    admitted_at: datetime | None = None
    discharged_at: datetime | None = None
    is_cancelled: bool = False
    charged_paise: int = 0
    gst_paise: int = 0
    advance_paise: int = 0
    charges: dict[str, BillLine] = field(default_factory=dict)
    invoice_id: str | None = None
    bill: Bill | None = None
    claim: Claim | None = None

    @property
    def person(self) -> Person:
        return self.visit.person

    @property
    def branch(self) -> Branch:
        return self.visit.branch

    @property
    def practitioner(self) -> Practitioner:
        return self.visit.practitioner


@dataclass(slots=True, eq=False)
class Claim:
    """What a payer is asked for. `status` is the product's word for where it stands."""

    id: str
    stay: Stay
    payer_id: str
    status: str = "draft"
    preauth_paise: int = 0
    submitted_on: date | None = None
    claimed_paise: int = 0
    approved_paise: int = 0
    disallowed_paise: int = 0
    adjudicated_on: date | None = None
    open_queries: int = 0
    transfer: Transfer | None = None
    is_billed_to_patient: bool = False

    @property
    def gross_paise(self) -> int:
        return self.transfer.gross_paise if self.transfer else 0


@dataclass(slots=True, eq=False)
class Transfer:
    """A payer's money: the gross less the tax it keeps back and other deductions is on its way to the bank."""

    claim: Claim
    utr: str
    paid_on: date
    due_on: date
    grace_on: date
    gross_paise: int
    tds_paise: int
    other_paise: int
    banked_paise: int = 0

    @property
    def net_paise(self) -> int:
        return self.gross_paise - self.tds_paise - self.other_paise
