"""What becomes of a booked visit before its day ends: cancelled, moved, attended, or nobody came."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta

from event_store.aggregates.appointment.commands import CancelAppointment, MarkNoShow, RescheduleAppointment
from event_store.aggregates.appointment.events import Initiator, ReasonCode
from mymedic.messages import Actor, EntryChannel
from simulator.books.records import Visit
from simulator.calendar import DAY, day_of, local
from simulator.cast import Slot
from simulator.demand import is_saturday_evening
from simulator.draws import Dice
from simulator.forfeits import Forfeits
from simulator.stage import House
from simulator.visit_day import VisitDay

GRACE = timedelta(minutes=30)
SOON = timedelta(minutes=10)
MINUTE = timedelta(minutes=1)
# The staff goes home; whoever is still expected then is left to the timer of 23:59.
STAFF_LEAVES, TIMER_AT = "21:20", "23:59"
MOVES_ALLOWED = 2
SEARCH_DAYS = 7
Change = Callable[[Visit], None]


class PatientLife:
    """Decides the fate of each visit by its own dice, at booking and again after every move."""

    def __init__(self, house: House, forfeits: Forfeits, visit_day: VisitDay) -> None:
        self._house = house
        self._forfeits = forfeits
        self._visit_day = visit_day
        self._tables = house.stage.profile.attendance
        self._expected: dict[date, list[Visit]] = defaultdict(list)
        self.after_cancel: Change = lambda visit: None

    def begin(self, visit: Visit) -> None:
        self._expected[day_of(visit.start_at)].append(visit)
        dice = self._house.stage.draws.of("fate", visit.id, visit.reschedules)
        now, tables = self._house.now, self._tables
        if visit.channel == "walk_in":
            self._visit_day.expect(visit, now + MINUTE, dice)
            return
        provider_cancels, cancels = dice.chance(tables.provider_cancels), dice.chance(tables.cancels)
        moves = dice.chance(tables.reschedules)
        if provider_cancels:
            self._plan_change(visit, timedelta(seconds=dice.between(3600, 86_400)), dice, self.cancel_by_provider)
        elif cancels:
            lead = timedelta(seconds=dice.within(tables.cancel_lead))
            self._plan_change(visit, lead, dice, self._cancel_by_patient)
        elif moves and visit.reschedules < MOVES_ALLOWED:
            room = int((visit.start_at - now).total_seconds()) - 1800
            lead = timedelta(seconds=1800 + dice.between(0, max(0, room - 600)))
            self._plan_change(visit, lead, dice, self._move)
        else:
            self._plan_day(visit, dice)

    def wait_in_vain(self, visit: Visit) -> None:
        """Nobody will come: the timer marks it at the end of the day."""
        self._expected[day_of(visit.start_at)].append(visit)

    def mark_absent(self, visit: Visit) -> None:
        """The staff gives up on a patient."""
        self._note_noshow(visit)
        house = self._house
        house.stage.desk.ask(house.tenant.id, visit.branch.front_desk, MarkNoShow(appointment_id=visit.id), visit.id)

    def _plan_change(self, visit: Visit, lead: timedelta, dice: Dice, change: Change) -> None:
        """Plan a change so long before the start; without time left for it, the day takes its course."""
        at = visit.start_at - lead
        if at < self._house.now + SOON:
            self._plan_day(visit, dice)
        else:
            self._house.plan(at, "3 change", visit.id, lambda: change(visit) if visit.status == "booked" else None)

    def _plan_day(self, visit: Visit, dice: Dice) -> None:
        if dice.chance(self._noshow_chance(visit)):
            self._plan_noshow(visit, dice)
        elif visit.mode == "tele":
            self._visit_day.expect(visit, visit.start_at + dice.between(0, 8) * MINUTE, dice)
        else:
            at = visit.start_at + dice.within(self._tables.minutes_late) * MINUTE
            opens = local(day_of(visit.start_at), "08:50")
            self._visit_day.expect(visit, max(at, opens, self._house.now + MINUTE), dice)

    def _noshow_chance(self, visit: Visit) -> float:
        factors = self._tables.noshow_factor
        assert visit.booked_at is not None
        lead_days = (day_of(visit.start_at) - day_of(visit.booked_at)).days
        chance = visit.practitioner.specialty.noshow * _step(factors.lead_days, lead_days)
        chance *= _step(factors.prior_noshows, visit.prior_noshows)
        if visit.deposit_paid_paise:
            chance *= factors.deposit_paid
        if visit.is_new:
            chance *= factors.new_patient
        if visit.mode == "tele":
            chance *= factors.tele
        if is_saturday_evening(visit.start_at):
            chance *= factors.saturday_evening
        return min(chance, factors.cap)

    def _plan_noshow(self, visit: Visit, dice: Dice) -> None:
        on = day_of(visit.start_at)
        at = visit.start_at + GRACE + dice.between(60, 2400) * timedelta(seconds=1)
        by_staff, comes_late = (
            dice.chance(self._tables.noshow_marked_by_staff),
            dice.chance(self._tables.noshow_comes_late),
        )
        if by_staff and at < local(on, STAFF_LEAVES):
            after = dice.between(10, 40) * MINUTE
            self._house.plan(at, "4 no-show", visit.id, lambda: self._mark(visit, comes_late, after, dice))

    def _mark(self, visit: Visit, comes_late: bool, after: timedelta, dice: Dice) -> None:
        if visit.status != "booked":
            return  # the clinic has cancelled meanwhile
        house = self._house
        refund = self._note_noshow(visit)
        house.stage.desk.ask(house.tenant.id, visit.branch.front_desk, MarkNoShow(appointment_id=visit.id), visit.id)
        at = house.now + after
        if comes_late and refund == 0 and visit.mode == "in_person" and at < local(day_of(at), "20:20"):
            house.plan(at, "5 late", visit.id, lambda: self._visit_day.come_after_all(visit, dice))

    def _note_noshow(self, visit: Visit) -> int:
        visit.status = "noshow"
        self._release(visit)
        return self._forfeits.settle(visit, self._house.tenant.row.cancellation.noshow_forfeit_bps)

    def end_day(self, on: date) -> None:
        """A minute to midnight: the timer marks whoever was expected and never came."""
        for visit in self._expected.pop(on, ()):
            if visit.status == "booked" and day_of(visit.start_at) == on:
                self._note_noshow(visit)
        self._house.stage.desk.ring(self._house.tenant.id)

    def _cancel_by_patient(self, visit: Visit) -> None:
        dice = self._house.stage.draws.of("cancel", visit.id)
        by_self = visit.channel == "portal"
        actor = visit.person.actor if by_self else visit.branch.front_desk
        reason = dice.pick(self._tables.cancel_reason)
        self._cancel(visit, actor, "patient", reason, "portal" if by_self else "phone")

    def cancel_by_provider(self, visit: Visit) -> None:
        self._cancel(visit, visit.branch.front_desk, "provider", "provider_leave", "console")

    def _cancel(
        self, visit: Visit, actor: Actor, initiator: Initiator, reason: ReasonCode, channel: EntryChannel
    ) -> None:
        house = self._house
        lead = (visit.start_at - house.now) // timedelta(seconds=1)
        bps = max(self._forfeits.tier(lead), visit.penalty_floor_bps) if initiator == "patient" else 0
        visit.status, visit.initiator, visit.lead_seconds = "cancelled", initiator, lead
        self._release(visit)
        self._forfeits.settle(visit, bps)
        command = CancelAppointment(appointment_id=visit.id, initiator=initiator, reason_code=reason)
        house.stage.desk.ask(house.tenant.id, actor, command, visit.id, channel=channel)
        self.after_cancel(visit)

    def _release(self, visit: Visit) -> None:
        """Give the token back; `was_full` says whether somebody else needed it."""
        visit.was_full = visit.slot.free <= 0
        visit.released_at = self._house.now
        visit.released_tick = self._house.ledger.tick()
        visit.slot.free += 1
        visit.slot.was_freed = True

    def _move(self, visit: Visit) -> None:
        dice = self._house.stage.draws.of("move", visit.id, visit.reschedules)
        by_patient = not dice.chance(self._tables.provider_reschedules)
        slot = self._other_slot(visit, dice.within(self._tables.reschedule_days))
        if slot is None:
            self._plan_day(visit, dice)
            return
        house = self._house
        lead = (visit.start_at - house.now) // timedelta(seconds=1)
        if by_patient:
            visit.penalty_floor_bps = max(visit.penalty_floor_bps, self._forfeits.tier(lead))
            visit.patient_reschedules += 1
        visit.reschedules += 1
        visit.slot.free += 1
        visit.slot.was_freed = True
        slot.free -= 1
        visit.slot = slot
        by_self = by_patient and visit.channel == "portal"
        command = RescheduleAppointment(
            appointment_id=visit.id,
            new_slot_id=slot.id,
            initiator="patient" if by_patient else "provider",
            reason_code="time_conflict" if by_patient else "emergency",
        )
        actor = visit.person.actor if by_self else visit.branch.front_desk
        name = (visit.id, str(visit.reschedules))
        house.stage.desk.ask(house.tenant.id, actor, command, *name, channel="portal" if by_self else "phone")
        self.begin(visit)

    def _other_slot(self, visit: Visit, days: int) -> Slot | None:
        """A free slot of the same practitioner and branch, on the wanted day or soon after, at about the same hour."""
        earliest = self._house.now + timedelta(minutes=40)
        first = day_of(visit.start_at) + days * DAY
        for on in (first + day * DAY for day in range(SEARCH_DAYS)):
            same_hour = visit.start_at + (on - day_of(visit.start_at))
            slots = [
                slot
                for slot in visit.slot.sitting.slots.get(on, ())
                if slot.free > 0 and slot is not visit.slot and slot.start_at >= earliest and _suits(visit, slot)
            ]
            if slots:
                return min(slots, key=lambda slot: (abs(slot.start_at - same_hour), slot.start_at))
        return None


def _suits(visit: Visit, slot: Slot) -> bool:
    """Whether the patient has no other appointment then."""
    return not any(
        other is not visit and other.is_active and other.start_at < slot.end_at and slot.start_at < other.slot.end_at
        for other in visit.person.visits
    )


def _step(rows: list[tuple[int, float]], value: int) -> float:
    """The factor of the highest step not above the value; 1 below all."""
    return next((factor for low, factor in reversed(rows) if low <= value), 1.0)


def timer_moment(on: date) -> datetime:
    return local(on, TIMER_AT)
