"""A random month of a small chain. Few instants, few patients and few slots: things collide."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from event_store.aggregates.appointment.events import AppointmentEnteredInError, AppointmentHoldExpired
from event_store.aggregates.schedule.events import SlotOverridden
from event_store.aggregates.tenant.events import SpecialtyDefined
from tests.integration.warehouse.clinic import Clinic
from tests.property.appointments.oracle import read

START = datetime(2026, 11, 1, 3, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Month:
    """Plays one month, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        self.clinic = Clinic()
        self.clinic.add(
            "tenant", "ten_test", SpecialtyDefined(specialty_id="spc_dental", name="Dental"), self.clinic.since
        )
        for branch_id in ("brn_3", "brn_4"):
            self.clinic.branch(branch_id, "cty_mumbai")
        self.slots: list[str] = []
        self.free: dict[str, int] = {}
        self.booked: set[str] = set()

    def play(self, slots: int, appointments: int) -> Clinic:
        for number in range(slots):
            start_at = START + timedelta(days=self.draw.randrange(3, 24), hours=self.draw.randrange(0, 12))
            slot_id = f"slot_{number}"
            branch_id = self.draw.choice(["brn_1", "brn_2", "brn_3", "brn_4"])
            capacity = self.draw.choice([1, 1, 2, 3])
            self.slots.append(self.clinic.slot(slot_id, start_at, capacity, branch_id))
            self.free[slot_id] = capacity
        now = START
        for number in range(appointments):
            now += self.draw.choice([0, 0, 1, 2]) * HOUR
            self.take(f"appt_{number}", now)
            for _ in range(self.draw.randrange(3)):
                self.change(now)
        for id in sorted(self.booked):
            self.finish(id)
        return self.clinic

    def take(self, id: str, now: datetime) -> None:
        slot_id = self.open_slot(now)
        if slot_id is None:
            return
        price = self.draw.choice([0, 40_000, 60_000, 80_000])
        more = {
            "patient_id": f"pat_{self.draw.randrange(12)}",
            "price_quoted_paise": price,
            "specialty_id": self.draw.choice(["spc_derm", "spc_dental"]),
        }
        self.free[slot_id] -= 1
        if self.draw.random() < 0.3:
            self.clinic.hold(id, slot_id, now, **more)
            if self.draw.random() < 0.4:
                self.clinic.add("appointment", id, AppointmentHoldExpired(slot_id=slot_id, token_no=1), now)
                self.free[slot_id] += 1
                return
        self.clinic.book(id, slot_id, now, **more)
        self.booked.add(id)

    def open_slot(self, now: datetime) -> str | None:
        open_slots = [id for id in self.slots if self.free[id] > 0 and self.clinic.slots[id][0] > now]
        return self.draw.choice(open_slots) if open_slots else None

    def change(self, now: datetime) -> None:
        mine = sorted(id for id in self.booked if self.clinic.placed[id]["start_at"] > now)
        if not mine:
            return
        id, dice = self.draw.choice(mine), self.draw.random()
        slot_id = self.clinic.placed[id]["slot_id"]
        if dice < 0.5:
            self.clinic.cancel(id, now, initiator=self.draw.choice(["patient", "provider"]))
            self.booked.discard(id)
            self.free[slot_id] += 1
        elif dice < 0.6:
            self.clinic.add("appointment", id, AppointmentEnteredInError(reason="test"), now)
            self.booked.discard(id)
            self.free[slot_id] += 1
        elif dice < 0.7:
            capacity = self.draw.randrange(1, 5)
            taken = self.capacity(slot_id) - self.free[slot_id]
            if capacity >= taken:
                event = SlotOverridden(slot_id=slot_id, action="raise_capacity", capacity=capacity, reason="test")
                schedule_id = f"sch_{self.clinic.slots[slot_id][1]}"
                self.clinic.add("schedule", schedule_id, event, now)
                self.free[slot_id] = capacity - taken
        else:
            other = self.open_slot(now)
            if other is not None and other != slot_id:
                self.clinic.reschedule(id, other, now, self.draw.choice(["patient", "provider"]))
                self.free[slot_id] += 1
                self.free[other] -= 1

    def capacity(self, slot_id: str) -> int:
        return read(self.clinic.events).capacity[slot_id]

    def finish(self, id: str) -> None:
        dice = self.draw.random()
        if dice < 0.5:
            self.clinic.check_in(id)
            if self.draw.random() < 0.2:
                self.clinic.cancel(id, self.clinic.placed[id]["start_at"] + HOUR, reason="lwbs")
            else:
                self.clinic.fulfil(id)
        elif dice < 0.8:
            self.clinic.no_show(id)
            if self.draw.random() < 0.3:
                self.clinic.reverse_no_show(id)
