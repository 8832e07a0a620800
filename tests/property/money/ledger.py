"""Histories of payments and claims as logs, and what their books must hold, told from the imperative ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from event_store.aggregates.invoice.events import InvoiceIssued
from mymedic.messages import Event
from tests.integration.warehouse.rig import EventLog
from tests.property.money.claim_steps import ClaimSteps
from tests.property.money.payment_steps import Steps
from tests.property.money.world import World
from tests.property.test_payment_money import a_world
from tests.scenario import Scenario
from tests.unit.event_store.claim.ward import a_hospital
from tests.unit.event_store.payment import till

LENGTH = 16
# Accounts that the books of payments and claims speak of.
SPOKEN_OF = ("1400", "1410", "1415", "1240", "1420", "2100", "2200", "4200", "5410", "5420")
History = tuple[EventLog, dict[str, int]]


def payment_histories(count: int, seed: int) -> Iterator[History]:
    base = till.a_booking_desk()
    world = Remembered(base, a_world().invoices)
    steps = Steps(world, seed)
    for number in range(count):
        steps.history(LENGTH)
        yield world.told(f"ten_money_{number:04d}"), balances(world)


def claim_histories(count: int, seed: int) -> Iterator[History]:
    base = a_hospital()
    issued = next(event for _, _, event in base.log if isinstance(event, InvoiceIssued))
    world = Remembered(base, {"inv_1": issued})
    steps = ClaimSteps(world, seed)
    for number in range(count):
        steps.history(LENGTH, chaos=0.4 if number % 2 else 0.02)
        yield world.told(f"ten_claim_{number:04d}"), balances(world)


class Remembered(World):
    """A world that keeps what happened."""

    def __init__(self, base: Scenario, invoices: dict[str, InvoiceIssued]) -> None:
        super().__init__(base, invoices)
        self.base = base

    def begin(self) -> None:
        super().begin()
        self.happened: list[tuple[str, str, Event]] = []

    def give(self, aggregate: str, id: str, event: Event) -> None:
        self.happened.append((aggregate, id, event))
        super().give(aggregate, id, event)

    def told(self, tenant_id: str) -> EventLog:
        log = EventLog(tenant_id)
        known = {(aggregate, id) for aggregate, id, _ in self.base.log}
        bills = [("invoice", id, issued) for id, issued in self.invoices.items() if ("invoice", id) not in known]
        for aggregate, id, event in [*self.base.log, *bills, *self.happened]:
            log.add(aggregate, id, event, self.now)
        return log


def balances(world: World) -> dict[str, int]:
    """Account -> debits less credits, where they differ."""
    held: Counter[str] = Counter()
    for payment_id, books in world.books.items():
        held["2100"] -= books.available
        held["4200"] -= sum(books.forfeited.values())
        held["1400"] -= sum(books.allocated.values())
        paid = {id for id, refund in world.payments[payment_id].refunds.items() if refund.status == "processed"}
        held["2200"] -= sum(amount for id, amount in books.reserved.items() if id not in paid)
    for claim_id, claimed in world.claim_books.items():
        claim = world.claims[claim_id]
        held["1400"] -= claimed.moved
        held["1240"] += claimed.net
        held["1420"] += claimed.tds
        held["5420"] += claimed.other
        held["5410"] += claim.residual_paise if claim.treatment == "write_off" else 0
        if claim.status == "cancelled":
            held["1410"] -= claimed.gross
        elif claim.status == "closed":
            held["1410"] += claimed.claimed - claimed.gross - claim.residual_paise
        else:
            held["1410"] += claimed.under + claimed.approved - claimed.gross
            held["1415"] += claimed.disallowed
    held["1400"] += sum(world.payable.values())
    return {account: paise for account, paise in held.items() if paise}
