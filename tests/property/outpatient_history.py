"""Random weeks of an outpatient practice: everything that can be asked of schedules, appointments and patients."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from event_store.aggregates.appointment import commands as a
from event_store.aggregates.appointment.events import AppointmentCancelled, AppointmentNoShow
from event_store.aggregates.encounter.commands import FinishEncounter, StartEncounter
from event_store.aggregates.patient.commands import MergePatients, UnmergePatients
from event_store.aggregates.patient.events import ConsentRecorded
from event_store.aggregates.schedule import commands as s
from mymedic.errors import Refused
from mymedic.messages import Command, Event
from mymedic.policies import DepositBody
from tests.scenario import Scenario
from tests.unit.event_store.clinic import (
    DESK,
    DOCTOR,
    FINANCE,
    MANAGER,
    PRICE,
    TIMER,
    a_patient,
    a_price,
    captured,
    ist,
    publish,
)
from tests.unit.event_store.organisation import MONDAY, an_organisation, publish_schedule, session

PATIENTS = ("pat_asha", "pat_bala", "pat_uma", "pat_devi")
CLOCKS = ("17:00", "18:00", "18:15", "18:30", "19:00")


class History:
    """One history. `step` asks for something that may be refused; `check` is told of every event, and of time."""

    def __init__(self, seed: int, check: Callable[[History, list[Event], int | None], None]) -> None:
        self.dice = Random(seed)
        self.world = _a_practice()
        self.ids = [f"appt_{number:02d}" for number in range(40)]
        self.is_torn = False
        self._check = check
        self._blocks: list[str] = []
        self._payments = 0

    def play(self, steps: int) -> None:
        for _ in range(steps):
            self.world.at(self._later())
            self.step()
            if self.is_torn:
                return

    def step(self) -> None:
        command, actor, id = self._wish()
        held = self._held(getattr(command, "appointment_id", None))
        events = self._ask(command, actor, id)
        self._check(self, events, held)
        for event in events:
            if hasattr(event, "block_id"):
                self._blocks.append(event.block_id)

    def _later(self) -> datetime:
        """Mostly a little; now and then to about when the next patient is expected."""
        now = self.world.now
        if self.dice.random() < 0.85:
            return now + timedelta(minutes=self.dice.choice((0, 1, 5, 20)))
        expected = [each.start_at for each in self.appointments() if each.status == "booked" and each.start_at > now]
        return min(expected, default=now + timedelta(hours=2)) + timedelta(minutes=self.dice.choice((0, 10, 31)))

    def slots(self) -> dict[str, Any]:
        return dict(self.world.state("schedule", "sch_1").slots)

    def appointments(self) -> list[Any]:
        return [state for (kind, _), state in self.world.states.items() if kind == "appointment" and state.exists]

    def _held(self, appointment_id: str | None) -> int | None:
        if appointment_id is None:
            return None
        payments = self.world.tags.get(("payment", "appointment", appointment_id), [])
        return sum(self.world.state("payment", id).held_paise for id in payments)

    def _ask(self, command: Command, actor: Any, id: str | None) -> list[Event]:
        before = len(self.world.log)
        try:
            return self.world.when(command, actor=actor, cosigner=FINANCE if actor is MANAGER else MANAGER, id=id)
        except Refused:
            # A guard may refuse the second of two events, and a scenario cannot take the first one back.
            self.is_torn = len(self.world.log) > before
            return []

    def _wish(self) -> tuple[Command, Any, str | None]:
        dice, one = self.dice, self._one
        slots = [slot.slot_id for slot in self.slots().values() if slot.start_at >= self.world.now] or ["slot_none"]
        appt, patient, slot = dice.choice(self.ids), dice.choice(PATIENTS), dice.choice(slots)
        seen = one("checked-in")
        initiator: Any = dice.choice(("patient", "provider"))
        asked: dict[str, Any] = {
            "patient_id": patient,
            "slot_id": slot,
            "service_id": "svc_consult",
            "visit_type": "new",
            "quoted_price_paise": PRICE,
            "channel": "phone",
        }
        wishes: list[tuple[int, Callable[[], tuple[Command, Any, str | None]]]] = [
            (6, lambda: (a.HoldAppointment(**asked), DESK, appt)),
            (14, lambda: (a.BookAppointment(**asked, deposit_waiver_reason="known", walk_in=True), DESK, appt)),
            (6, lambda: (self._paid(one("pending")), TIMER, None)),
            (3, lambda: (a.ExpireHold(appointment_id=one("pending")), TIMER, None)),
            (6, lambda: (self._move(one("booked", "pending"), slot, initiator), DESK, None)),
            (5, lambda: (self._cancel(one("booked", "pending", "checked-in", "waitlist"), initiator), DESK, None)),
            (4, lambda: (a.CheckInPatient(appointment_id=one("booked")), DESK, None)),
            (8, lambda: (a.MarkNoShow(appointment_id=one("booked")), DESK, None)),
            (9, lambda: (a.ReverseNoShow(appointment_id=one("noshow"), reason="came"), DESK, None)),
            (3, lambda: (self._begin(seen), DOCTOR, f"enc_{seen}")),
            (3, lambda: (FinishEncounter(encounter_id=f"enc_{seen}", outcome="resolved"), DOCTOR, None)),
            (1, lambda: (a.MarkAppointmentError(appointment_id=appt, reason="wrong"), MANAGER, None)),
            (8, lambda: (self._join(patient), DESK, appt)),
            (8, lambda: (a.OfferWaitlistSlot(appointment_id=one("waitlist"), slot_id=slot, ttl=3600), TIMER, None)),
            (2, lambda: (self._amend(), DESK, None)),
            (1, lambda: (s.RetireSchedule(schedule_id="sch_1", from_date=self._day(20)), MANAGER, None)),
            (1, lambda: (self._block(), DESK, None)),
            (1, lambda: (s.UnblockSchedule(schedule_id="sch_1", block_id=self._block_id()), DESK, None)),
            (3, lambda: (self._override(slot), DESK, None)),
            (2, lambda: (self._merge(patient), DESK, None)),
            (1, lambda: (UnmergePatients(survivor_id=patient, duplicate_id=dice.choice(PATIENTS)), MANAGER, None)),
        ]
        weights = [weight for weight, _ in wishes]
        return dice.choices(wishes, weights)[0][1]()

    def _one(self, *statuses: str) -> str:
        """An appointment that stands so, if there is one; now and then any."""
        fitting = [each.appointment_id for each in self.appointments() if each.status in statuses]
        return self.dice.choice(fitting if fitting and self.dice.random() < 0.9 else self.ids)

    def _begin(self, appointment_id: str) -> Command:
        return StartEncounter(appointment_id=appointment_id, class_="AMB")

    def _day(self, last: int) -> date:
        return MONDAY + timedelta(days=self.dice.randrange(last))

    def _paid(self, appointment_id: str) -> Command:
        """Money has come for an appointment, more or less than it needs."""
        self._payments += 1
        payment_id = f"pay_{self._payments}"
        if self.world.state("appointment", appointment_id).exists:
            captured(self.world, payment_id, appointment_id, self.dice.choice((1, 19_999, 40_000, 80_000)))
        return a.ConfirmAppointment(appointment_id=appointment_id, payment_id=payment_id)

    def _move(self, appointment_id: str, slot_id: str, initiator: Any) -> Command:
        return a.RescheduleAppointment(
            appointment_id=appointment_id, new_slot_id=slot_id, initiator=initiator, reason_code="time_conflict"
        )

    def _cancel(self, appointment_id: str, initiator: Any) -> Command:
        reason: Any = self.dice.choice(("cost", "lwbs"))
        return a.CancelAppointment(appointment_id=appointment_id, initiator=initiator, reason_code=reason)

    def _join(self, patient_id: str) -> Command:
        first = self._day(14)
        return a.JoinWaitlist(
            patient_id=patient_id,
            practitioner_id=self.dice.choice((None, "prac_rao")),
            specialty_id="spc_derm",
            branch_id="brn_south",
            earliest=first,
            latest=first + timedelta(days=self.dice.randrange(14)),
        )

    def _amend(self) -> Command:
        dice = self.dice
        start = dice.choice(CLOCKS[:3])
        week = (
            session(dice.choice((1, 2)), start, "19:30", dice.choice((15, 30)), dice.choice((1, 2, 3))),
            session(3, "18:00", "19:00", capacity=dice.choice((1, 2))),
        )
        displace: Any = dice.choice((None, "cancel", "requeue"))
        return s.AmendSchedule(schedule_id="sch_1", from_date=self._day(20), weekly=week, displace=displace)

    def _block(self) -> Command:
        day = 2 + self.dice.randrange(14)
        conflict: Any = self.dice.choice(("reject", "cancel_and_refund", "queue_for_reschedule"))
        return s.BlockSchedule(
            schedule_id="sch_1", start=ist(day, "18:00"), end=ist(day, "18:20"), reason="leave", on_conflict=conflict
        )

    def _block_id(self) -> str:
        return self.dice.choice(self._blocks or ["blk_none"])

    def _override(self, slot_id: str) -> Command:
        action: Any = self.dice.choice(("raise_capacity", "lower_capacity", "close", "add_extra"))
        day = 2 + self.dice.randrange(14)
        extra = action == "add_extra"
        return s.OverrideSlot(
            schedule_id="sch_1",
            slot_id=None if extra else slot_id,
            start=ist(day, "12:00") if extra else None,
            end=ist(day, "12:15") if extra else None,
            action=action,
            capacity=self.dice.choice((1, 2, 3)),
            reason="asked",
        )

    def _merge(self, patient_id: str) -> Command:
        return MergePatients(survivor_id=patient_id, duplicate_id=self.dice.choice(PATIENTS), reason="one human")


def _a_practice() -> Scenario:
    world = an_organisation()
    world.given("price", "svc_consult", a_price("svc_consult", PRICE))
    publish(world, "deposit", DepositBody(mode="bps", bps=2500))
    for patient_id in PATIENTS:
        a_patient(world, patient_id)
        world.given("patient", patient_id, ConsentRecorded(purpose="care", notice_version="1", given_by_role="patient"))
    world.when(publish_schedule(valid_to=MONDAY + timedelta(days=16)), actor=DESK, id="sch_1")
    return world


def ended(events: list[Event]) -> list[AppointmentCancelled | AppointmentNoShow]:
    return [event for event in events if isinstance(event, AppointmentCancelled | AppointmentNoShow)]
