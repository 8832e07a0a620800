"""What everybody in the make-believe world shares, and what belongs to one tenant of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from simulator.agenda import Action, Agenda
from simulator.books.bills import Bill
from simulator.books.care import Advice, FollowUp
from simulator.books.journal import Journal
from simulator.books.records import (
    Batch,
    Deposit,
    Dispute,
    Drawer,
    Fault,
    GivenAway,
    Line,
    Receipt,
    Refund,
    StrayCredit,
    Visit,
)
from simulator.books.stays import Bed, Claim, Stay, Transfer
from simulator.calendar import day_of, local
from simulator.cast import Tenant
from simulator.desk import Desk
from simulator.draws import Draws
from simulator.faults import Faults
from simulator.profile import Profile


@dataclass(slots=True)
class Stage:
    """The world: its tables, its chance, its queue, its way to the product, and who else is in it."""

    profile: Profile
    draws: Draws
    agenda: Agenda
    desk: Desk
    tenants: list[Tenant] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.desk.clock.now()

    @property
    def first_day(self) -> date:
        return self.profile.start_on

    @property
    def last_day(self) -> date:
        return self.profile.start_on + timedelta(days=self.profile.days - 1)

    @property
    def end(self) -> datetime:
        """The midnight that ends the last day."""
        return local(self.last_day, "00:00", timedelta(days=1))


@dataclass(slots=True)
class Ledger:
    """A tenant's books: every record, in the order in which it came."""

    visits: list[Visit] = field(default_factory=list)
    bills: list[Bill] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    drawers: list[Drawer] = field(default_factory=list)
    deposits: list[Deposit] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    stray_lines: list[Line] = field(default_factory=list)
    stray_credits: list[StrayCredit] = field(default_factory=list)
    disputes: list[Dispute] = field(default_factory=list)
    beds: list[Bed] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    advices: list[Advice] = field(default_factory=list)
    followups: list[FollowUp] = field(default_factory=list)
    unbilled: list[GivenAway] = field(default_factory=list)
    given_away: list[GivenAway] = field(default_factory=list)
    journal: Journal = field(default_factory=Journal)
    ticks: int = 0

    def tick(self) -> int:
        """A number that only grows: which of two happenings came first."""
        self.ticks += 1
        return self.ticks


@dataclass(slots=True)
class House:
    """One tenant on the stage."""

    stage: Stage
    tenant: Tenant
    faults: Faults
    ledger: Ledger = field(default_factory=Ledger)

    @property
    def now(self) -> datetime:
        return self.stage.now

    @property
    def today(self) -> date:
        return day_of(self.stage.now)

    def plan(self, at: datetime, what: str, name: str, action: Action) -> None:
        """Put an action on the agenda; `what` and `name` settle its place among others of the same instant."""
        self.stage.agenda.plan(at, f"{self.tenant.index}:{what}:{name}", action)

    def plan_while_open(self, at: datetime, what: str, name: str, action: Action) -> None:
        """The same, for what nobody does any more once the last day is over."""
        if at < self.stage.end:
            self.plan(at, what, name, action)
