"""What changes in a doctor's week: a day's leave, a slot more, a slot less, a roomier one, and going for good."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from event_store.aggregates.branch.commands import CloseBranch
from event_store.aggregates.schedule.commands import BlockSchedule, OverrideSlot, RetireSchedule
from event_store.aggregates.schedule.events import SlotOverridden
from event_store.recorded import Recorded
from mymedic.messages import Actor, Command
from simulator.calendar import DAY, local
from simulator.cast import Branch, Sitting, Slot
from simulator.draws import Dice
from simulator.patient_life import PatientLife
from simulator.stage import House

# Changes are made in the evening, for a day that is still to come.
CHANGED_AT, CLOSED_AT = "20:40", "22:30"
EXTRA_MINUTES = 10
Change = Callable[[Sitting, date, Dice], None]


class Roster:
    """Plans the changes of every schedule by its own dice."""

    def __init__(self, house: House, life: PatientLife) -> None:
        self._house = house
        self._life = life
        self._extra: dict[str, Sitting] = {}
        house.stage.desk.watch("SlotOverridden", self._note_extra)

    def plan(self) -> None:
        table = self._house.stage.profile.roster
        changes: tuple[tuple[str, float, Change], ...] = (
            ("leave", table.leave, self._leave),
            ("extra", table.extra, self._add),
            ("closes", table.closes, self._close),
            ("roomier", table.roomier, self._widen),
            ("goes", table.goes, self._retire),
        )
        counted = {row.specialty for row in self._house.stage.profile.cohort}
        for branch in self._house.tenant.branches.values():
            for sitting in branch.sittings:
                # whose bookings are counted out to the last one needs every slot
                for name, chance, change in changes if sitting.practitioner.specialty.id not in counted else ():
                    dice = self._house.stage.draws.of("roster", name, sitting.id)
                    if dice.chance(chance) and len(sitting.slots) > 2:
                        self._plan(name, sitting, change, dice)
            if branch.row.closes_after_day:
                self._plan_closing(branch)

    def _plan(self, name: str, sitting: Sitting, change: Change, dice: Dice) -> None:
        """The evening two days before some day of the schedule, not the first."""
        on = dice.one_of(sorted(sitting.slots)[1:])
        at = local(on - 2 * DAY, CHANGED_AT, timedelta(seconds=dice.between(0, 3000)))
        if at > self._house.stage.now:
            self._house.plan(at, f"5 {name}", sitting.id, lambda: change(sitting, on, dice))

    def _leave(self, sitting: Sitting, on: date, dice: Dice) -> None:
        """The second half of a session: whoever is booked is cancelled by the clinic, then nobody can book."""
        slots = sitting.slots[on][len(sitting.slots[on]) // 2 :]
        visits = [visit for visit in self._house.ledger.visits if visit.is_active and visit.slot in slots]
        if any(visit.status != "booked" for visit in visits):
            return  # somebody is just paying for a place
        for visit in visits:
            self._life.cancel_by_provider(visit)
        # the leave begins in the middle of the first of these slots
        start = slots[0].start_at + timedelta(minutes=slots[0].minutes // 2)
        self._take_off(slots)
        for slot in slots:
            slot.blocked_minutes = slot.minutes
        slots[0].blocked_minutes = (slots[0].end_at - start) // timedelta(minutes=1)
        command = BlockSchedule(
            schedule_id=sitting.id, start=start, end=slots[-1].end_at, reason="leave", on_conflict="reject"
        )
        self._ask(sitting.practitioner.actor, command, sitting, "leave")

    def _add(self, sitting: Sitting, on: date, dice: Dice) -> None:
        """One more slot after the last of the day, of a doctor who need not be elsewhere."""
        elsewhere = [
            other
            for branch in self._house.tenant.branches.values()
            for other in branch.sittings
            if other.practitioner is sitting.practitioner and other is not sitting
        ]
        last = sitting.slots[on][-1]
        if elsewhere or last.is_retired:
            return
        self._extra[sitting.id] = sitting
        command = OverrideSlot(
            schedule_id=sitting.id,
            start=last.end_at,
            end=last.end_at + timedelta(minutes=EXTRA_MINUTES),
            action="add_extra",
            capacity=1,
            mode="in_person",
            reason="many asked",
        )
        self._ask(sitting.practitioner.actor, command, sitting, "extra")

    def _note_extra(self, recorded: Recorded) -> None:
        event = recorded.event
        assert isinstance(event, SlotOverridden)
        sitting = self._extra.get(recorded.stream_id.partition("-")[2])
        if event.action == "add_extra" and sitting is not None:
            assert event.start_at and event.end_at and event.capacity and event.mode
            on = next(on for on, slots in sitting.slots.items() if slots[-1].end_at == event.start_at)
            extra = Slot(event.slot_id, sitting, event.start_at, event.end_at, event.mode, event.capacity, 1)
            sitting.slots[on].append(extra)

    def _close(self, sitting: Sitting, on: date, dice: Dice) -> None:
        free = [slot for slot in sitting.slots[on] if _is_untouched(slot)]
        if free:
            slot = dice.one_of(free)
            self._take_off([slot])
            slot.is_retired = True
            command = OverrideSlot(schedule_id=sitting.id, slot_id=slot.id, action="close", reason="a meeting")
            self._ask(sitting.practitioner.actor, command, sitting, "closes")

    def _widen(self, sitting: Sitting, on: date, dice: Dice) -> None:
        slots = [slot for slot in sitting.slots[on] if not slot.is_retired and not slot.blocked_minutes]
        if slots:
            slot = dice.one_of(slots)
            slot.capacity += 1
            slot.free += 1
            command = OverrideSlot(
                schedule_id=sitting.id,
                slot_id=slot.id,
                action="raise_capacity",
                capacity=slot.capacity,
                reason="many asked",
            )
            self._ask(sitting.practitioner.actor, command, sitting, "roomier")

    def _retire(self, sitting: Sitting, on: date, dice: Dice) -> None:
        """The doctor goes: the schedule ends with the last day for which somebody is booked."""
        taken = {visit.slot.id for visit in self._house.ledger.visits if visit.is_active}
        days = sorted(sitting.slots)
        left = len(days)
        while left and days[left - 1] >= on and not any(slot.id in taken for slot in sitting.slots[days[left - 1]]):
            left -= 1
        if left == len(days):
            return
        for day in days[left:]:
            self._take_off(sitting.slots[day])
            for slot in sitting.slots[day]:
                slot.is_retired = True
        command = RetireSchedule(schedule_id=sitting.id, from_date=days[left])
        self._ask(self._house.tenant.manager, command, sitting, "goes")

    def _plan_closing(self, branch: Branch) -> None:
        stage, tenant = self._house.stage, self._house.tenant
        last = stage.first_day + (branch.row.closes_after_day - 1) * DAY
        command = CloseBranch(branch_id=branch.id, closed_on=last + DAY, reason="the lease has ended")

        def close() -> None:
            branch.closed_on = last + DAY
            stage.desk.ask(tenant.id, tenant.manager, command, branch.id)

        self._house.plan(local(last, CLOSED_AT), "9 closes", branch.id, close)

    def _take_off(self, slots: list[Slot]) -> None:
        """Nobody books these any more."""
        for slot in slots:
            slot.free = 0

    def _ask(self, actor: Actor, command: Command, sitting: Sitting, name: str) -> None:
        self._house.stage.desk.ask(self._house.tenant.id, actor, command, sitting.id, name)


def _is_untouched(slot: Slot) -> bool:
    return slot.free == slot.capacity and not slot.is_retired and not slot.blocked_minutes
