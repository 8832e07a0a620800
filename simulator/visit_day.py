"""The day of the visit: the patient comes, waits, is seen, and goes to pay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from event_store.aggregates.appointment.commands import CancelAppointment, CheckInPatient, ReverseNoShow
from event_store.aggregates.encounter.commands import FinishEncounter, StartEncounter
from event_store.aggregates.encounter.events import Outcome
from mymedic.messages import Actor, Command
from simulator.books.records import Visit
from simulator.draws import Dice
from simulator.forfeits import Forfeits
from simulator.stage import House
from simulator.till import Till

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
OUTCOMES: tuple[Outcome, ...] = ("resolved", "resolved", "resolved", "resolved", "referred")


class Aftermath(Protocol):
    """What a visit leads to."""

    def before_end(self, visit: Visit) -> bool:
        """Whether the doctor asks the patient to come again."""

    def after_end(self, visit: Visit) -> None: ...


class VisitDay:
    """Check-in, encounter, and the step to the counter."""

    def __init__(self, house: House, forfeits: Forfeits, till: Till, care: Aftermath) -> None:
        self._house = house
        self._forfeits = forfeits
        self._till = till
        self._care = care
        self.after_visits: list[Callable[[Visit], None]] = []

    def expect(self, visit: Visit, at: datetime, dice: Dice) -> None:
        """The patient will be there at that time."""
        arrive = self._start if visit.mode == "tele" else self._arrive
        # unless the clinic has cancelled meanwhile
        self._house.plan(at, "6 arrival", visit.id, lambda: arrive(visit, dice) if visit.status == "booked" else None)

    def come_after_all(self, visit: Visit, dice: Dice) -> None:
        """Marked as a no-show, and here now: the visit takes place."""
        self._forfeits.take_back(visit)
        visit.released_at = None
        visit.slot.free -= 1
        command = ReverseNoShow(appointment_id=visit.id, reason="came late")
        self._ask(visit, visit.branch.front_desk, command)
        self._wait(visit, dice)

    def take_in(self, visit: Visit, dice: Dice) -> None:
        """The patient is here and will stay until seen."""
        self._ask(visit, visit.branch.front_desk, CheckInPatient(appointment_id=visit.id))
        self._wait(visit, dice)

    def _arrive(self, visit: Visit, dice: Dice) -> None:
        self._ask(visit, visit.branch.front_desk, CheckInPatient(appointment_id=visit.id))
        if dice.chance(self._house.stage.profile.attendance.leaves_unseen):
            visit.status = "checked-in"
            at = self._house.now + dice.between(20, 50) * MINUTE
            self._house.plan(at, "7 leaves", visit.id, lambda: self._leave(visit))
        else:
            self._wait(visit, dice)

    def _wait(self, visit: Visit, dice: Dice) -> None:
        visit.status = "checked-in"
        called = max(self._house.now, visit.start_at - 5 * MINUTE) + dice.between(60, 600) * SECOND
        self._house.plan(called, "7 called", visit.id, lambda: self._start(visit, dice))

    def _leave(self, visit: Visit) -> None:
        """Left without being seen: counted as a cancellation at the last moment."""
        house = self._house
        visit.status, visit.initiator, visit.is_unseen, visit.lead_seconds = "cancelled", "patient", True, 0
        visit.was_full = visit.slot.free <= 0
        visit.released_at, visit.released_tick = house.now, house.ledger.tick()
        visit.slot.free += 1
        visit.slot.was_freed = True
        self._forfeits.settle(visit, max(self._forfeits.tier(0), visit.penalty_floor_bps))
        command = CancelAppointment(appointment_id=visit.id, initiator="patient", reason_code="lwbs")
        self._ask(visit, visit.branch.front_desk, command)

    def _start(self, visit: Visit, dice: Dice) -> None:
        visit.status, visit.started_at = "arrived", self._house.now
        encounter_id = self._house.tenant.id_of("enc", visit.id)
        command = StartEncounter(appointment_id=visit.id, class_="VR" if visit.mode == "tele" else "AMB")
        self._ask(visit, visit.practitioner.actor, command, encounter_id)
        length = visit.practitioner.specialty.slot_minutes * dice.between(36, 72)
        self._house.plan(self._house.now + length * SECOND, "8 seen", visit.id, lambda: self._finish(visit, dice))

    def _finish(self, visit: Visit, dice: Dice) -> None:
        comes_again = self._care.before_end(visit)
        visit.status = "fulfilled"
        assert visit.started_at is not None
        visit.worked_seconds = (self._house.now - visit.started_at) // SECOND
        self._till.expect_bill(visit)
        encounter_id = self._house.tenant.id_of("enc", visit.id)
        outcome: Outcome = "follow_up" if comes_again else dice.one_of(OUTCOMES)
        self._ask(visit, visit.practitioner.actor, FinishEncounter(encounter_id=encounter_id, outcome=outcome))
        self._care.after_end(visit)
        self._till.present_bill(visit)
        for happens in self.after_visits:
            happens(visit)

    def _ask(self, visit: Visit, actor: Actor, command: Command, aggregate_id: str | None = None) -> None:
        self._house.stage.desk.ask(
            self._house.tenant.id,
            actor,
            command,
            visit.id,
            channel="doctor_app" if actor is visit.practitioner.actor else "console",
            aggregate_id=aggregate_id,
        )
