"""What a stay costs: the bed by the night, tests, an operation; an advance, and the bill when the patient leaves."""

from __future__ import annotations

from datetime import date, timedelta

from event_store.aggregates.admission.commands import FinalizeAdmissionBill, PostAdmissionCharge
from event_store.aggregates.admission.events import AdmissionBilled
from event_store.recorded import Recorded
from simulator.books.bills import Bill, BillLine
from simulator.books.stays import Stay
from simulator.calendar import day_of, local
from simulator.desk import SimulationError
from simulator.forfeits import tax_inside
from simulator.hospital.cashier import Cashier
from simulator.hospital.claims import Claims
from simulator.hospital.diary import HIS, Diary
from simulator.hospital.founding import Catalogue
from simulator.profile import RUPEE

MINUTE = timedelta(minutes=1)


class Charges:
    """Posts what was done and used, and makes the bill of it."""

    def __init__(self, diary: Diary, catalogue: Catalogue, cashier: Cashier, claims: Claims) -> None:
        self._diary = diary
        self._house = diary.house
        self._table = diary.table
        self._catalogue = catalogue
        self._cashier = cashier
        self._claims = claims
        self._billed: dict[str, AdmissionBilled] = {}
        self._house.stage.desk.watch("AdmissionBilled", self._note_bill)

    def take_advance(self, stay: Stay) -> None:
        """Who is not insured pays something ahead, less than the shortest stay costs."""
        if stay.claim is None:
            amount = self._table.advance_rupees * RUPEE
            self._diary.plan(20 * MINUTE, "advance", stay, lambda: self._cashier.take(stay, "ipd_advance", amount))

    def post_morning(self, stay: Stay) -> None:
        """The night that is over, and the tests of the morning; an operation on the first."""
        on = day_of(self._house.now)
        dice = self._diary.dice("charges", stay.id, on)
        night = next(lie for lie in stay.lies if lie.covers(local(on, "00:00")))
        room, ward = self._catalogue.rooms[night.bed.bed_class]
        self._post(stay, on, "room", room, 1, ward.room_rupees)
        stay.gst_paise += tax_inside(ward.room_rupees * RUPEE, ward.gst_bps)
        tests, rupees = dice.pick(self._table.tests_a_day), dice.pick(self._table.test_rupees)
        if tests:
            self._post(stay, on, "tests", self._catalogue.test, tests, rupees)
        if dice.chance(self._table.test_taken_back):
            self._post(stay, on, "twice", self._catalogue.test, 1, rupees)
            self._post(stay, on, "back", self._catalogue.test, 1, rupees, reverses="twice")
        is_first = on == day_of(stay.lies[0].since) + timedelta(days=1)
        if is_first and dice.chance(self._table.operated):
            low, high = self._table.operation_rupees
            cost = dice.between(low // 1_000, high // 1_000) * 1_000
            self._post(stay, on, "operation", self._catalogue.operation, 1, cost)

    def _post(
        self, stay: Stay, on: date, name: str, service_id: str, qty: int, rupees: int, *, reverses: str = ""
    ) -> None:
        tenant = self._house.tenant
        command = PostAdmissionCharge(
            admission_id=stay.id,
            charge_id=tenant.id_of("chg", stay.id, f"{on}", name),
            service_id=service_id,
            qty=qty,
            unit_price_paise=rupees * RUPEE,
            service_date=on,
            practitioner_id=stay.practitioner.id if name == "operation" else None,
            reversal_of=tenant.id_of("chg", stay.id, f"{on}", reverses) if reverses else None,
        )
        self._diary.ask(HIS, command, stay.id, f"{on}", name)
        if reverses:
            del stay.charges[f"{on} {reverses}"]
        else:
            performer = stay.practitioner if name == "operation" else None
            stay.charges[f"{on} {name}"] = BillLine(tenant.on_wards[service_id], performer, rupees * RUPEE, qty)
        stay.charged_paise += (-1 if reverses else 1) * qty * rupees * RUPEE

    def bill(self, stay: Stay) -> None:
        """The bill is final; the payer is asked for its part, and the patient pays the rest."""
        tenant = self._house.tenant
        self._diary.ask(tenant.finance, FinalizeAdmissionBill(admission_id=stay.id), stay.id)
        billed = self._billed.pop(stay.id)
        if (billed.total_paise, billed.excess_paise) != (stay.charged_paise, 0):
            raise SimulationError(f"{stay.id}: billed {billed.total_paise}, not {stay.charged_paise}")
        stay.invoice_id = billed.invoice_id
        ledger, today = self._house.ledger, self._house.today
        ledger.journal.billed(today, stay.branch.id, stay.charged_paise, stay.gst_paise)
        for receipt in ledger.receipts:
            if receipt.purpose == "ipd_advance" and receipt.visit is stay.visit:
                ledger.journal.allocated(today, receipt, receipt.amount_paise)
        stay.bill = Bill(billed.invoice_id, stay.branch, self._house.now, list(stay.charges.values()))
        stay.bill.put(f"{stay.id} advance", stay.advance_paise)
        self._house.ledger.bills.append(stay.bill)
        own = stay.charged_paise - stay.advance_paise - self._claims.submit(stay)
        if own:
            self._diary.plan(10 * MINUTE, "pay", stay, lambda: self._cashier.take(stay, "ipd_final", own))

    def _note_bill(self, recorded: Recorded) -> None:
        event = recorded.event
        assert isinstance(event, AdmissionBilled)
        if recorded.tenant_id == self._house.tenant.id:
            self._billed[recorded.admission_id or ""] = event
