"""Patients who are admitted, moved and discharged; a bed has one patient at most and is cleaned before the next."""

from __future__ import annotations

from datetime import datetime, timedelta

from event_store.aggregates.admission import commands as c
from event_store.aggregates.admission.events import AdmissionPatch, BedClass
from event_store.aggregates.bed.commands import SetBedStatus
from event_store.aggregates.bed.events import SettableStatus
from mymedic.messages import Actor, Command
from simulator.books.records import Visit
from simulator.books.stays import Bed, Begun, Ended, Lie, Stay
from simulator.calendar import DAY, day_of, local
from simulator.draws import Dice, Table
from simulator.hospital.charges import Charges
from simulator.hospital.claims import Claims
from simulator.hospital.diary import HIS, Diary

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LEAVES, MOVES, ROUND = "10:30", "15:00", "07:00"


class Wards:
    """The beds of a hospital and who lies in them."""

    def __init__(self, diary: Diary, beds: dict[str, list[Bed]], charges: Charges, claims: Claims) -> None:
        self._diary = diary
        self._house = diary.house
        self._table = diary.table
        self._beds = beds
        self._charges = charges
        self._claims = claims
        self._inside: set[str] = set()
        self._classes = Table((ward.class_, ward.weight) for ward in self._table.ward)

    def consider(self, visit: Visit) -> None:
        """Some of those who were seen have to stay, unless they are children or are treated already."""
        dice = self._diary.dice("admission", visit.id)
        beds = self._beds.get(visit.branch.key)
        is_known = visit.person.id in self._inside
        if not beds or not dice.chance(self._table.admits) or visit.person.is_child or visit.mode == "tele" or is_known:
            return
        id = self._house.tenant.id_of("adm", visit.id)
        stay = Stay(id, visit, dice.pick(self._classes), f"IP-{id[-8:]}")
        self._inside.add(visit.person.id)
        self._diary.plan(dice.between(10, 20) * MINUTE, "request", stay, lambda: self._request(stay, dice))

    def _request(self, stay: Stay, dice: Dice) -> None:
        self._house.ledger.stays.append(stay)
        command = c.RequestAdmission(
            encounter_id=self._house.tenant.id_of("enc", stay.visit.id),
            patient_id=stay.person.id,
            practitioner_id=stay.practitioner.id,
            bed_class=stay.bed_class,
            expected_los_days=3,
            diagnosis_text="to be observed",
            admission_id=stay.id,
        )
        self._ask(stay, stay.practitioner.actor, command)
        self._diary.plan(dice.between(15, 30) * MINUTE, "accept", stay, lambda: self._accept(stay, dice))

    def _accept(self, stay: Stay, dice: Dice) -> None:
        self._ask(stay, HIS, c.AcceptAdmission(admission_id=stay.id, his_visit_no=stay.visit_no))
        self._diary.plan(dice.between(20, 90) * MINUTE, "admit", stay, lambda: self._admit(stay, dice))

    def _admit(self, stay: Stay, dice: Dice) -> None:
        ready = self._ready(stay, stay.bed_class)
        if not ready:
            self._call_off(stay, stay.branch.front_desk, "no bed is free")
            return
        bed, now = dice.one_of(ready), self._house.now
        self._ask(stay, HIS, c.AdmitPatient(admission_id=stay.id, bed_id=bed.id, admitted_at=now))
        stay.admitted_at = now
        self._lay(stay, bed, "admission")
        if dice.chance(self._table.cancels_admission):
            self._diary.plan(dice.between(1, 3) * HOUR, "mistake", stay, lambda: self._call_off(stay, HIS, "mistake"))
            return
        nights, on = dice.within(self._table.nights), day_of(now)
        self._claims.consider(stay)
        self._charges.take_advance(stay)
        self._diary.plan_at(local(on + DAY, ROUND), "round", stay, lambda: self._round(stay))
        if dice.chance(self._table.transfers) and nights > 1:
            moved_at = local(on + DAY, MOVES, dice.between(0, 180) * MINUTE)
            self._diary.plan_at(moved_at, "transfer", stay, lambda: self._transfer(stay, dice))
        leaves_at = local(on + nights * DAY, LEAVES, dice.between(0, 150) * MINUTE)
        self._diary.plan_at(leaves_at, "discharge", stay, lambda: self._discharge(stay, leaves_at))

    def _ready(self, stay: Stay, *classes: BedClass) -> list[Bed]:
        return [
            bed for bed in self._beds[stay.branch.key] if bed.is_ready and (bed.bed_class in classes or not classes)
        ]

    def _lay(self, stay: Stay, bed: Bed, begun: Begun) -> None:
        lie = Lie(stay, bed, self._house.now, begun)
        stay.lies.append(lie)
        bed.lies.append(lie)

    def _leave(self, stay: Stay, ended: Ended) -> None:
        """The bed is free, and somebody cleans it, unless the patient comes back before."""
        lie, now = stay.lies[-1], self._house.now
        bed = lie.bed
        lie.until, lie.ended = now, ended
        bed.said.append((now, "cleaning"))
        minutes = self._diary.dice("cleaning", stay.id, now).between(60, 150)
        self._diary.plan(minutes * MINUTE, "clean", stay, lambda: self._clean(lie, now))

    def _clean(self, lie: Lie, since: datetime) -> None:
        bed = lie.bed
        if bed.holder is None and bed.said[-1] == (since, "cleaning"):
            needs_repair = self._diary.dice("repair", bed.id, since).chance(self._table.repaired)
            self._say(bed, "out_of_service" if needs_repair else "available")
            if needs_repair:
                self._diary.plan(DAY, "repaired", lie.stay, lambda: self._say(bed, "available"))

    def _say(self, bed: Bed, status: SettableStatus) -> None:
        bed.said.append((self._house.now, status))
        command = SetBedStatus(bed_id=bed.id, status=status)
        self._diary.ask(bed.branch.front_desk, command, bed.id, f"{self._house.now}")

    def _call_off(self, stay: Stay, actor: Actor, reason: str) -> None:
        self._ask(stay, actor, c.CancelAdmission(admission_id=stay.id, reason=reason))
        stay.is_cancelled = True
        self._inside.discard(stay.person.id)
        if stay.lies:
            self._leave(stay, "discharge")

    def _round(self, stay: Stay) -> None:
        """Every morning until the patient leaves; some are found to stay longer than was thought."""
        if stay.lies[-1].until is None:
            on = day_of(self._house.now)
            if self._diary.dice("outlook", stay.id, on).chance(self._table.outlook_changes):
                patch = AdmissionPatch(expected_los_days=5)
                self._ask(stay, HIS, c.UpdateAdmission(admission_id=stay.id, patch=patch), f"{on}")
            self._charges.post_morning(stay)
            self._diary.plan_at(local(on + DAY, ROUND), "round", stay, lambda: self._round(stay))

    def _transfer(self, stay: Stay, dice: Dice) -> None:
        ready = self._ready(stay)
        if not ready:
            return
        bed, now = dice.one_of(ready), self._house.now
        command = c.TransferPatient(admission_id=stay.id, to_bed_id=bed.id, at=now, reason="condition changed")
        self._ask(stay, HIS, command)
        self._leave(stay, "transfer")
        self._lay(stay, bed, "transfer")

    def _discharge(self, stay: Stay, planned_at: datetime) -> None:
        dice, now = self._diary.dice("discharge", stay.id, planned_at), self._house.now
        disposition = dice.pick(self._table.disposition)
        command = c.DischargePatient(admission_id=stay.id, discharged_at=now, disposition=disposition)
        self._ask(stay, HIS, command, f"{planned_at}")
        stay.discharged_at = now
        self._leave(stay, "discharge")
        if dice.chance(self._table.cancels_discharge):
            self._diary.plan(dice.between(20, 50) * MINUTE, "return", stay, lambda: self._come_back(stay, planned_at))
            return
        self._inside.discard(stay.person.id)
        self._diary.plan(dice.between(60, 100) * MINUTE, "bill", stay, lambda: self._charges.bill(stay))

    def _come_back(self, stay: Stay, planned_at: datetime) -> None:
        """Discharged too early: the patient never left, and goes a day later."""
        lie = stay.lies[-1]
        command = c.CancelDischarge(admission_id=stay.id, bed_id=lie.bed.id)
        self._ask(stay, HIS, command, f"{planned_at}")
        stay.discharged_at = lie.until = lie.ended = None
        at = planned_at + DAY
        self._diary.plan_at(at, "discharge", stay, lambda: self._discharge(stay, at))

    def _ask(self, stay: Stay, actor: Actor, command: Command, *name: str) -> None:
        self._diary.ask(actor, command, stay.id, *name)
