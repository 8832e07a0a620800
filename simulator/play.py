"""One tenant's company: everybody who acts for it, wired once, and their daily rounds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from simulator.acquirer import Acquirer
from simulator.bank import Bank
from simulator.calendar import DAY, local
from simulator.care.life import Care
from simulator.cast import Tenant
from simulator.cohorts import cohort_wishes
from simulator.counter import Counter
from simulator.demand import Demand, Wish
from simulator.doors import Doors
from simulator.drawers import Drawers
from simulator.faults import Faults
from simulator.fees import Fees
from simulator.forfeits import Forfeits
from simulator.gateway import Gateway
from simulator.hospital.life import open_wards
from simulator.leaks import Leaks
from simulator.patient_life import TIMER_AT, PatientLife
from simulator.people import People
from simulator.poison import Poison
from simulator.price_list import PriceList
from simulator.profile import PriceChangeRow
from simulator.reception import Reception
from simulator.refund_desk import RefundDesk, RefundPayers
from simulator.roster import Roster
from simulator.settlement import Settlement
from simulator.stage import House, Stage
from simulator.till import Till
from simulator.visit_day import VisitDay
from simulator.webhooks import Webhooks

NEW_PRICES_AT = "06:00"
# The patients of the next day are reminded: nothing else that happens here would look at the timers then.
REMINDED_AT = "18:00"


class Play:
    """Plays the people, the gateway and the bank of one tenant."""

    def __init__(self, stage: Stage, tenant: Tenant, enabled: Iterable[str], prices: PriceList) -> None:
        profile = stage.profile
        # Who is alone in the world has no neighbour to be mistaken for.
        possible = set(enabled) - ({"F39"} if len(profile.tenant) == 1 else set())
        faults = Faults(tenant.id, tenant.row.faults, possible, profile, stage.draws)
        house = self.house = House(stage, tenant, faults)
        self.tenant = tenant
        self.doors = Doors(house)
        fees, forfeits = Fees(profile.fees), Forfeits(house)
        self._bank = Bank(house, self.doors)
        self._acquirer = Acquirer(house, self._bank, self.doors, fees)
        self._settlement = Settlement(house, self._bank, self.doors, fees)
        self._drawers = Drawers(house, self._bank)
        webhooks = Webhooks(house)
        gateway = Gateway(house, webhooks, self._settlement, forfeits, Poison(house, webhooks, self.doors))
        till = Till(house, Counter(house, self._drawers, self._acquirer, self._bank), gateway, forfeits)
        gateway.after_payment = till.paid
        payers = RefundPayers(gateway, self._drawers, self._acquirer, self._bank)
        self._refund_desk = RefundDesk(house, payers)
        care, people = Care(house), People(house)
        visit_day = VisitDay(house, forfeits, till, care)
        self._life = PatientLife(house, forfeits, visit_day)
        self._reception = care.reception = Reception(house, people, gateway, self._life)
        self._leaks = Leaks(house, people, self._reception, self._life, visit_day)
        if tenant.row.kind == "hospital":
            visit_day.after_visits.append(open_wards(house, self._drawers, self._acquirer, self._bank).consider)
        Roster(house, self._life).plan()
        for wish in Demand(house).wishes():
            self._plan_wish(wish)
        for wish in cohort_wishes(house):
            self._plan_wish(wish)
        for change in profile.price_change:
            self._plan_change(change, prices)

    def _plan_change(self, change: PriceChangeRow, prices: PriceList) -> None:
        on = self.house.stage.first_day + (change.day - 1) * DAY
        name = f"{on}/{change.bps}"
        self.house.plan(local(on, NEW_PRICES_AT), "1 prices", name, lambda: prices.change(self.tenant, change))

    def _plan_wish(self, wish: Wish) -> None:
        self.house.plan(wish.asked_at, "3 wish", wish.name, lambda: self._reception.take(wish))

    def plan_day(self, on: date, is_open: bool) -> None:
        """The day's rounds: drawers, files and statement; after the last day only what is still to settle."""
        self._settlement.plan_day(on)
        self._acquirer.plan_day(on)
        self._bank.plan_day(on)
        if is_open:
            for branch in self.tenant.branches.values():
                if branch.is_open(on, self.house.stage.first_day):
                    self._drawers.plan_day(branch, on)
            self._leaks.plan_day(on)
            self.house.plan(local(on, REMINDED_AT), "0 reminders", f"{on}", self._ring)
            self.house.plan(local(on, TIMER_AT), "9 day ends", f"{on}", lambda: self._life.end_day(on))

    def _ring(self) -> None:
        self.house.stage.desk.ring(self.tenant.id)

    def is_settled(self) -> bool:
        return self._settlement.is_done() and self._acquirer.is_done() and self._bank.is_done()

    def check(self) -> None:
        """Every fault found its place and every refund was paid."""
        self.house.faults.check_all_placed()
        self._refund_desk.check_all_asked()

    def counts(self) -> dict[str, int]:
        ledger = self.house.ledger
        return {
            "appointments": len(ledger.visits),
            "turned_away": self._reception.turned_away,
            "payments": len(ledger.receipts),
            "refunds": len(ledger.refunds),
            "settlements": len(ledger.batches),
            "admissions": len(ledger.stays),
            "claims": len(ledger.claims),
            "faults": len(self.house.faults.placed),
        }
