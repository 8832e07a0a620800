"""Booking: a wish meets the free slots, the price list and the deposit rule, and becomes a visit or nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from event_store.aggregates.appointment.commands import BookAppointment, Caller, HoldAppointment, MarkAppointmentError
from event_store.aggregates.appointment.events import VisitType
from mymedic.messages import Actor, EntryChannel
from simulator.books.care import FollowUp
from simulator.books.records import Visit
from simulator.calendar import day_of
from simulator.cast import Person, Service, Slot, Tenant
from simulator.demand import Wish
from simulator.draws import Dice
from simulator.gateway import Gateway
from simulator.patient_life import PatientLife
from simulator.people import People
from simulator.profile import RUPEE
from simulator.stage import House

FREE_DAYS = 7
WALK_IN_GRACE = timedelta(minutes=14)
MINUTE = timedelta(minutes=1)
HOLD = timedelta(minutes=15)
YEAR = timedelta(days=365)
# How many known patients are tried before a slot goes to a new one: they may be busy at that time.
TRIES = 3
CHANNELS: dict[str, EntryChannel] = {
    "walk_in": "walk_in",
    "phone": "phone",
    "portal": "portal",
    "doctor_app": "doctor_app",
    "follow_up": "console",
}


class Reception:
    """Takes wishes in the order in which they are asked for."""

    def __init__(self, house: House, people: People, gateway: Gateway, life: PatientLife) -> None:
        self._house = house
        self._people = people
        self._gateway = gateway
        self._life = life
        self.turned_away = 0

    def take(self, wish: Wish) -> None:
        dice = self._house.stage.draws.of("booking", self._house.tenant.id, wish.name)
        channel = CHANNELS[wish.channel]
        booking = self._house.stage.profile.booking
        if wish.channel == "follow_up" and self._book_follow_up(wish, dice):
            return
        is_tele = wish.specialty.tele and channel == "portal" and dice.chance(booking.tele)
        is_cosmetic = not is_tele and wish.specialty.id in self._house.tenant.cosmetic and dice.chance(booking.cosmetic)
        prefers_freed = dice.chance(self._house.stage.profile.demand.takes_freed_slot)
        slot = self._find_slot(wish, prefers_freed)
        if slot is None:
            self.turned_away += 1
            return
        person = self._find_person(wish, slot, dice, channel)
        tenant, city = self._house.tenant, wish.branch.city
        service = tenant.cosmetic[wish.specialty.id] if is_cosmetic else tenant.consultation[wish.specialty.id]
        if not is_tele and self._wants_package(wish):
            service = tenant.packages[wish.specialty.id]
        visit_type: VisitType = "tele" if is_tele else "procedure" if is_cosmetic else "new"
        price = tenant.price(service, city, visit_type)
        self._book(wish, person, slot, service, visit_type, price, channel, dice)

    @property
    def tenant(self) -> Tenant:
        return self._house.tenant

    @property
    def now(self) -> datetime:
        return self._house.now

    def appoint(
        self,
        wish: Wish,
        person: Person,
        service: Service,
        visit_type: VisitType,
        price_of: Callable[[Slot], int],
        suits: Callable[[Slot], bool],
        followup: FollowUp | None = None,
    ) -> Visit | None:
        """Book a patient who knows what they want for the nearest slot that suits; None when there is none."""
        slot = next((slot for slot in self._free_slots(wish) if suits(slot) and _is_free(person, slot)), None)
        if slot is None:
            return None
        dice = self._house.stage.draws.of("booking", self._house.tenant.id, wish.name)
        channel = CHANNELS[wish.channel]
        return self._book(wish, person, slot, service, visit_type, price_of(slot), channel, dice, followup)

    def _wants_package(self, wish: Wish) -> bool:
        tenant, stage = self._house.tenant, self._house.stage
        chance = stage.profile.booking.package
        return wish.specialty.id in tenant.packages and stage.draws.of("package", tenant.id, wish.name).chance(chance)

    def _book_follow_up(self, wish: Wish, dice: Dice) -> bool:
        """A free visit within the days after a paid one, at the same practitioner."""
        on = day_of(wish.preferred_at)
        seen = [
            visit
            for person in wish.branch.people
            if not is_kept_apart(person)
            for visit in person.visits
            if visit.status == "fulfilled"
            and not visit.is_free
            and visit.branch is wish.branch
            and visit.practitioner.specialty is wish.specialty
            and day_of(visit.start_at) < on <= day_of(visit.start_at) + timedelta(days=FREE_DAYS)
            and not _is_awaited(person, wish)
        ]
        if not seen:
            return False
        visit = dice.one_of(seen)
        person = visit.person
        slots = self._free_slots(wish)
        slots = [slot for slot in slots if slot.sitting.practitioner is visit.practitioner and _is_free(person, slot)]
        if not slots or not self._is_entitled(person, visit, slots[0]):
            return False
        service = self._house.tenant.consultation[wish.specialty.id]
        self._book(wish, person, slots[0], service, "follow_up", 0, "console", dice)
        return True

    def _is_entitled(self, person: Person, paid: Visit, slot: Slot) -> bool:
        """One free visit after the last paid one; none is counted that did not take place."""
        on = day_of(slot.start_at)
        same = [visit for visit in person.visits if visit.practitioner is paid.practitioner]
        last = max(
            day_of(visit.start_at)
            for visit in same
            if visit.status == "fulfilled" and not visit.is_free and day_of(visit.start_at) <= on
        )
        gone = ("cancelled", "noshow", "hold_expired", "error")
        used = [v for v in same if v.is_free and v.status not in gone and day_of(v.start_at) >= last]
        return on <= last + timedelta(days=FREE_DAYS) and not used

    def _free_slots(self, wish: Wish) -> list[Slot]:
        """Slots of the day with a free token, the nearest to the preferred time first."""
        now = self._house.now
        earliest = now - WALK_IN_GRACE if wish.channel == "walk_in" else now + timedelta(minutes=20)
        on = day_of(wish.preferred_at)
        slots = [
            slot
            for sitting in wish.branch.sittings
            if sitting.practitioner.specialty is wish.specialty
            for slot in sitting.slots.get(on, ())
            if slot.free > 0 and slot.start_at >= earliest
        ]
        slots.sort(key=lambda slot: (abs(slot.start_at - wish.preferred_at), slot.start_at, slot.id))
        return slots

    def _find_slot(self, wish: Wish, prefers_freed: bool) -> Slot | None:
        slots = self._free_slots(wish)
        if prefers_freed:
            freed = [slot for slot in slots if slot.was_freed]
            slots = freed or slots
        return slots[0] if slots else None

    def _find_person(self, wish: Wish, slot: Slot, dice: Dice, channel: EntryChannel) -> Person:
        known = wish.branch.people
        if known and not dice.chance(self._house.stage.profile.booking.new_patient):
            for _ in range(TRIES):
                person = dice.one_of(known)
                if _is_free(person, slot) and not _is_awaited(person, wish):
                    return person
        return self._people.welcome(wish.branch, wish.specialty.id, wish.name, channel)

    def _book(
        self,
        wish: Wish,
        person: Person,
        slot: Slot,
        service: Service,
        visit_type: VisitType,
        price: int,
        channel: EntryChannel,
        dice: Dice,
        followup: FollowUp | None = None,
    ) -> Visit:
        house, tenant = self._house, self._house.tenant
        branch = wish.branch
        id, required = tenant.id_of("appt", wish.name), self.deposit(price, channel)
        visit = self.note(id, person, slot, service, visit_type, price, channel, required)
        visit.followup = followup
        actor: Actor = person.actor if channel == "portal" else branch.front_desk
        asked: dict[str, Any] = {
            "patient_id": person.id,
            "slot_id": slot.id,
            "service_id": service.id,
            "visit_type": visit_type,
            "quoted_price_paise": price,
            "channel": channel,
            "followup_id": followup.id if followup is not None else None,
        }
        waives = channel == "phone" and dice.chance(house.stage.profile.booking.waives_deposit)
        if visit.deposit_required_paise and not waives:
            house.stage.desk.ask(
                tenant.id, actor, HoldAppointment(**asked), visit.id, channel=channel, aggregate_id=visit.id
            )
            house.plan(house.now + HOLD, "1 hold ends", visit.id, lambda: self._let_go(visit))
            self._gateway.take_deposit(visit, actor, house.now + HOLD, self._confirm)
            return visit
        reason = "known patient" if visit.deposit_required_paise else None
        caller = Caller(name="caller") if channel == "phone" else None
        command = BookAppointment(
            **asked, deposit_waiver_reason=reason, caller=caller, walk_in=wish.channel == "walk_in"
        )
        house.stage.desk.ask(tenant.id, actor, command, visit.id, channel=channel, aggregate_id=visit.id)
        is_wrong = channel == "phone" and not reason and dice.chance(house.stage.profile.booking.wrong)
        self.settle(visit)
        if not is_wrong:
            self._life.begin(visit)
        if is_wrong:
            at = house.now + dice.between(4, 15) * MINUTE
            house.plan(at, "3 wrong", visit.id, lambda: self._take_back(visit))
        return visit

    def note(
        self,
        id: str,
        person: Person,
        slot: Slot,
        service: Service,
        visit_type: VisitType,
        price: int,
        channel: EntryChannel,
        required: int,
    ) -> Visit:
        """Write a visit into the books and take its token; nothing of it is booked yet."""
        visit = Visit(
            id=id,
            branch=slot.sitting.branch,
            practitioner=slot.sitting.practitioner,
            person=person,
            service=service,
            visit_type=visit_type,
            mode="tele" if visit_type == "tele" else "in_person",
            channel=channel,
            slot=slot,
            first_start_at=slot.start_at,
            price_paise=price,
            list_paise=self._house.tenant.price(service, slot.sitting.branch.city, visit_type),
            deposit_required_paise=required,
            is_free=visit_type == "follow_up" and price == 0,
        )
        self._house.ledger.visits.append(visit)
        person.visits.append(visit)
        slot.free -= 1
        return visit

    def deposit(self, price: int, channel: str) -> int:
        rule = self._house.tenant.row.deposit
        if rule.mode == "none" or (rule.channels and channel not in rule.channels):
            return 0
        wanted = rule.fixed_rupees * RUPEE if rule.mode == "fixed" else (price * rule.bps + 5_000) // 10_000
        return min(max(wanted, rule.min_rupees * RUPEE), price)

    def _let_go(self, visit: Visit) -> None:
        """The quarter of an hour is over: whoever has not paid loses the slot."""
        if visit.status == "pending":
            visit.status = "hold_expired"
            visit.slot.free += 1
        self._house.stage.desk.ring(self._house.tenant.id)

    def _take_back(self, visit: Visit) -> None:
        """It was booked for somebody else: as if it had never been, but for the slot, which somebody may want now."""
        visit.status = "error"
        visit.slot.free += 1
        visit.slot.was_freed = True
        command = MarkAppointmentError(appointment_id=visit.id, reason="booked for another patient")
        self._house.stage.desk.ask(self._house.tenant.id, self._house.tenant.manager, command, visit.id)

    def _confirm(self, visit: Visit) -> None:
        self.settle(visit)
        self._life.begin(visit)

    def settle(self, visit: Visit) -> None:
        """From now on the visit counts; what is known of the patient at this moment stays with it."""
        now = self._house.now
        earlier = [other for other in visit.person.visits if other is not visit]
        if visit.followup is not None and visit.followup.is_bookable(day_of(now)):
            visit.followup.bookings.append(visit)
        visit.status = "booked"
        visit.booked_at = now
        visit.booked_tick = self._house.ledger.tick()
        visit.deposit_paid_paise = visit.held_paise
        visit.is_new = not any(other.status == "fulfilled" for other in earlier)
        today = day_of(now)
        visit.prior_noshows = sum(
            other.status == "noshow" and today - YEAR <= day_of(other.start_at) <= today for other in earlier
        )


def is_kept_apart(person: Person) -> bool:
    """A quarter of all patients, told by their ids, never asks for a free visit: it is kept for who misuses one."""
    return ord(person.id[-1]) % 4 == 1


def _is_free(person: Person, slot: Slot) -> bool:
    """Whether the patient has nothing else at that time."""
    return not any(
        visit.is_active and visit.slot.start_at < slot.end_at and slot.start_at < visit.slot.end_at
        for visit in person.visits
    )


def _is_awaited(person: Person, wish: Wish) -> bool:
    """Whoever has been asked to come again seldom comes for something else in between."""
    on = day_of(wish.preferred_at)
    return any(
        followup.is_open(on) and followup.visit.practitioner.specialty is wish.specialty
        for followup in person.followups
    )
