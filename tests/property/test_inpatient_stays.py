"""However patients come, move, go and are billed: one in a bed, one bed for each, and the bill is what was charged."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

import pytest

from event_store.aggregates.admission import commands as c
from event_store.aggregates.admission import events as e
from event_store.aggregates.bed import events as b
from event_store.aggregates.bed.commands import SetBedStatus
from event_store.aggregates.invoice.events import InvoiceIssued
from event_store.aggregates.patient.commands import MergePatients
from event_store.aggregates.payment.events import PaymentAllocated
from mymedic.clock import INDIA
from mymedic.errors import Refused
from mymedic.messages import Actor, Command, Event
from mymedic.patients import survivor_of
from tests.scenario import SYSTEM, ScenarioContext
from tests.unit.event_store.admission.ward import (
    HIS,
    ROOM_PAISE,
    a_hospital,
    advance,
    charge,
    request,
)
from tests.unit.event_store.clinic import DESK, DOCTOR, FINANCE, MANAGER

PATIENTS = {"pat_asha": "enc_1", "pat_bala": "enc_bala", "pat_carl": "enc_carl"}
BEDS = ("bed_1", "bed_2", "bed_icu")
# Hours that something is told late.
LATE = (0, 0, 0, 0, 1, 9, 30)
# How often each thing is tried, compared to the others.
TRIED = {
    "time_passes": 20,
    "patient_comes": 10,
    "admit": 16,
    "transfer": 10,
    "discharge": 8,
    "come_back": 6,
    "call_off": 2,
    "housekeeping": 14,
    "charge": 24,
    "take_back": 5,
    "pay": 8,
    "bill": 6,
    "merge": 1,
}


@dataclass
class Night:
    """Time in a bed, read off the events of the beds alone."""

    bed_id: str
    admission_id: str
    since: datetime
    until: datetime | None = None

    def covers(self, moment: datetime) -> bool:
        return self.since <= moment and (self.until is None or moment < self.until)


class Ward:
    """Commands in any order; what is refused changes nothing, what is accepted keeps the ward straight."""

    def __init__(self, seed: int) -> None:
        self.dice = Random(seed)
        self.world = a_hospital()
        self.began = self.world.now
        self.nights: list[Night] = []
        self.away: list[Night] = []  # between a discharge and its undoing, where the bed was not free at once
        self.patient_of: dict[str, str] = {}
        self.charged: Counter[str] = Counter()
        self.cancelled: set[str] = set()
        self.made = 0
        self.read = len(self.world.log)

    def ask(self, command: Command, actor: Actor, id: str | None = None, cosigner: Actor | None = None) -> list[Event]:
        try:
            events = self.world.when(command, actor=actor, id=id, cosigner=cosigner)
        except Refused:
            assert len(self.world.log) == self.read
            return []
        for aggregate, stream, event in self.world.log[self.read :]:
            self.book(aggregate, stream, event)
        self.read = len(self.world.log)
        return events

    def book(self, aggregate: str, stream: str, event: Event) -> None:
        match event:
            case e.AdmissionRequested():
                self.patient_of[stream] = event.patient_id
            case e.AdmissionChargePosted():
                self.charged[stream] += event.total_paise * (-1 if event.reversal_of else 1)
            case e.AdmissionCancelled():
                self.cancelled.add(stream)
            case e.DischargeCancelled():
                left = max(one.until for one in self.nights if one.admission_id == stream and one.until)
                self.away.append(Night("", stream, left, event.at))
            case b.BedOccupied():
                self.nights.append(Night(stream, event.admission_id, event.at))
            case b.BedReleased():
                [night] = [one for one in self.nights if one.bed_id == stream and one.until is None]
                assert night.admission_id == event.admission_id and night.since <= event.at
                night.until = event.at

    def new(self, prefix: str) -> str:
        self.made += 1
        return f"{prefix}_{self.made}"

    def admission(self, *statuses: str) -> str:
        """An admission in one of these states wherever there is one, and now and then any."""
        states = [self.world.state("admission", id) for id in self.patient_of]
        useful = [state for state in states if state.status in statuses] or states
        return str(self.dice.choice(useful if self.dice.random() < 0.9 else states).admission_id)

    def told(self) -> datetime:
        return self.world.now - timedelta(hours=self.dice.choice(LATE))

    def bed(self) -> str:
        """A bed that is ready wherever there is one, and now and then any."""
        ready = [bed_id for bed_id in BEDS if self.world.state("bed", bed_id).status == "available"]
        return self.dice.choice(ready if ready and self.dice.random() < 0.8 else BEDS)

    def live(self, steps: int) -> None:
        self.patient_comes()
        for name in self.dice.choices(list(TRIED), weights=list(TRIED.values()), k=steps):
            getattr(self, name)()
            self.a_bed_has_one_patient_and_its_status_says_so()
            self.a_patient_is_admitted_once()
        self.the_census_adds_up()

    def time_passes(self) -> None:
        self.world.at(self.world.now + timedelta(hours=self.dice.choice([1, 5, 14, 24])))

    def patient_comes(self) -> None:
        admission_id, patient_id = self.new("adm"), self.dice.choice(sorted(PATIENTS))
        command = request(
            admission_id=admission_id,
            patient_id=patient_id,
            encounter_id=PATIENTS[patient_id],
            bed_class=self.dice.choice(["general", "general", "icu"]),
        )
        if self.ask(command, DOCTOR):
            self.ask(c.AcceptAdmission(admission_id=admission_id, his_visit_no=admission_id), HIS)

    def admit(self) -> None:
        admission_id, bed_id = self.admission("accepted"), self.bed()
        self.ask(c.AdmitPatient(admission_id=admission_id, bed_id=bed_id, admitted_at=self.told()), HIS)

    def transfer(self) -> None:
        admission_id, bed_id = self.admission("admitted"), self.bed()
        self.ask(c.TransferPatient(admission_id=admission_id, to_bed_id=bed_id, at=self.told(), reason="x"), HIS)

    def discharge(self) -> None:
        admission_id = self.admission("admitted")
        command = c.DischargePatient(admission_id=admission_id, discharged_at=self.told(), disposition="home")
        self.ask(command, HIS)

    def come_back(self) -> None:
        admission_id = self.admission("discharged")
        last_bed = self.world.state("admission", admission_id).last_bed_id
        bed_id = self.bed() if last_bed is None or self.dice.random() < 0.5 else last_bed
        self.ask(c.CancelDischarge(admission_id=admission_id, bed_id=bed_id), HIS)

    def call_off(self) -> None:
        admission_id = self.admission("accepted", "admitted")
        events = self.ask(c.CancelAdmission(admission_id=admission_id, reason="x"), HIS)
        assert not events or self.charged[admission_id] == 0

    def housekeeping(self) -> None:
        dirty = [bed_id for bed_id in BEDS if self.world.state("bed", bed_id).status == "cleaning"] or list(BEDS)
        status: Any = self.dice.choice(["available", "available", "available", "out_of_service"])
        self.ask(SetBedStatus(bed_id=self.dice.choice(dirty), status=status), DESK)

    def charge(self) -> None:
        on = (self.world.now - timedelta(days=self.dice.choice([0, 0, 1, 2]))).astimezone(INDIA).date()
        what: dict[str, Any] = {"service_id": "svc_lab", "qty": self.dice.randint(1, 3)}
        if self.dice.random() < 0.5:
            what = {"service_id": "svc_suite", "unit_price_paise": ROOM_PAISE + self.dice.randint(0, 9)}
        admission_id = self.admission("admitted", "discharged")
        self.ask(charge(self.new("chg"), admission_id=admission_id, service_date=on, **what), HIS)

    def take_back(self) -> None:
        if not +self.charged:
            return
        admission_id = self.dice.choice(sorted(+self.charged))
        charge_id, posted = self.dice.choice(list(self.world.state("admission", admission_id).charges.items()))
        again = charge(
            self.new("chg"),
            admission_id=admission_id,
            service_id=posted.service_id,
            qty=max(1, posted.standing_qty - self.dice.randint(0, 1)),
            unit_price_paise=posted.unit_price_paise,
            service_date=posted.service_on,
            reversal_of=charge_id,
        )
        self.ask(again, HIS)

    def pay(self) -> None:
        admission_id = self.admission("admitted", "discharged")
        if self.world.state("admission", admission_id).status != "billed":
            advance(self.world, self.new("pay"), self.dice.randint(1, 600_000), admission_id)
            self.read = len(self.world.log)

    def bill(self) -> None:
        """Sum of charges net of reversals = invoice; advance applied + outstanding or excess adds up."""
        admission_id = self.admission("discharged")
        paid_by = self.world.tags.get(("payment", "admission", admission_id), [])
        payments = [self.world.state("payment", id) for id in paid_by]
        paid = sum(payment.available_paise for payment in payments)
        events = self.ask(c.FinalizeAdmissionBill(admission_id=admission_id), FINANCE)
        if not events:
            return
        billed, issued, *allocations = events
        assert isinstance(billed, e.AdmissionBilled) and isinstance(issued, InvoiceIssued)
        assert issued.total_paise == billed.total_paise == self.charged[admission_id]
        assert issued.total_paise == issued.taxable_paise + issued.gst_paise
        applied = sum(event.amount_paise for event in allocations if isinstance(event, PaymentAllocated))
        assert applied == billed.advance_applied_paise == min(paid, issued.total_paise)
        assert billed.excess_paise == paid - applied == sum(payment.available_paise for payment in payments)
        outstanding = self.world.state("invoice", billed.invoice_id).outstanding(applied)
        assert outstanding == issued.total_paise - applied and not (outstanding and billed.excess_paise)

    def merge(self) -> None:
        """Two records turn out to be one human being."""
        survivor, duplicate = self.dice.sample(sorted(PATIENTS), 2)
        command = MergePatients(survivor_id=survivor, duplicate_id=duplicate, reason="the same")
        self.ask(command, DESK, cosigner=MANAGER)

    def a_bed_has_one_patient_and_its_status_says_so(self) -> None:
        lying = [night for night in self.nights if night.until is None]
        beds = {night.bed_id: night.admission_id for night in lying}
        assert len(beds) == len(lying)
        for bed_id in BEDS:
            state = self.world.state("bed", bed_id)
            assert (state.status == "occupied") == (bed_id in beds)
            assert state.admission_id == beds.get(bed_id)
        held = {value: holder for (kind, value), (holder, _) in self.world.held.items() if kind == "bed"}
        assert held == beds

    def a_patient_is_admitted_once(self) -> None:
        """The human being, whatever records were merged."""
        context = ScenarioContext(self.world, "cmd_none", SYSTEM, None, "api")
        lying = [night.admission_id for night in self.nights if night.until is None]
        humans = {survivor_of(context, self.patient_of[admission_id]) for admission_id in lying}
        assert len(humans) == len(lying)
        holders = [holder for (kind, _), (holder, _) in self.world.held.items() if kind == "patient_admission"]
        assert sorted(holders) == sorted(lying)

    def the_census_adds_up(self) -> None:
        """Taken at every midnight of the whole history."""
        on = self.began.astimezone(INDIA).date() - timedelta(days=3)
        while on <= self.world.now.astimezone(INDIA).date():
            self._take_census(on)
            on += timedelta(days=1)

    def _take_census(self, on: date) -> None:
        midnight = datetime.combine(on, time.min, INDIA)
        present, away = ([night for night in nights if night.covers(midnight)] for nights in (self.nights, self.away))
        assert len({night.bed_id for night in present}) == len(present)
        assert len({night.admission_id for night in present}) == len(present)
        stays = [night.admission_id for night in present if night.admission_id not in self.cancelled]
        assert len({self.patient_of[admission_id] for admission_id in stays}) == len(stays)
        counted = {night.admission_id: night.bed_id for night in present}
        for admission_id in self.patient_of.keys() - self.cancelled:
            state = self.world.state("admission", admission_id)
            assert state.bed_of_night(on, INDIA) == counted.get(admission_id)
            came, went = state.admitted_at, state.discharged_at
            is_in = came is not None and came <= midnight < (went or self.world.now + timedelta(hours=1))
            assert is_in == (admission_id in counted or any(one.admission_id == admission_id for one in away))
            rooms = [one for one in state.charges_on(on) if one.service_id == "svc_suite"]
            assert len(rooms) <= 1


@pytest.mark.parametrize("seed", range(25))
def test_random_histories_of_a_ward(seed: int) -> None:
    Ward(seed).live(steps=250)
