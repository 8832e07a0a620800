"""Leaks by people's hand: a dressing that nobody bills or that is given away, a fee forgiven, a deposit not asked for,
and a second free visit. None of them moves money, so none can meet a fault of the money's way."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from event_store.aggregates.appointment.commands import BookAppointment
from event_store.aggregates.appointment.events import VisitType
from event_store.aggregates.invoice.commands import IssueInvoice, NewLine
from event_store.aggregates.payment.commands import ReverseForfeit
from event_store.aggregates.payment.events import DepositForfeited
from event_store.aggregates.service_request.commands import RecordServicePerformed
from event_store.recorded import Recorded
from mymedic.messages import EntryChannel
from simulator.books.bills import Bill, BillLine
from simulator.books.care import Advice
from simulator.books.records import GivenAway, Visit
from simulator.calendar import DAY, day_of, local
from simulator.cast import Branch, Person, Sitting, Slot, user
from simulator.forfeits import tax_inside
from simulator.patient_life import PatientLife
from simulator.people import People
from simulator.reception import Reception, is_kept_apart
from simulator.stage import House
from simulator.visit_day import VisitDay

MINUTE = timedelta(minutes=1)
# A slot that began so long ago is too late for everybody else, and not yet for the product.
PAST = timedelta(minutes=14, seconds=30)
WAIVED_AT, TWICE_AT = ("10:14:30", "18:14:30"), ("11:14:30", "19:14:30")
HALF_AN_HOUR = 30 * MINUTE
FREE_DAYS = 7
DESK_LIMIT_BPS = 1_000


class Leaks:
    """Lets the faults F33 to F37 happen, each when it is due and finds its place."""

    def __init__(
        self, house: House, people: People, reception: Reception, life: PatientLife, visit_day: VisitDay
    ) -> None:
        self._house = house
        self._people = people
        self._reception = reception
        self._life = life
        self._visit_day = visit_day
        self._forfeits: dict[str, list[tuple[str, str]]] = {}
        # somebody is on the way to a second free visit: one at a time, or there would be more than wanted
        self._is_twice_begun = False
        self._manager_at_desk = user(house.tenant.id, "manager at the desk", "FD", "CM")
        visit_day.after_visits.append(self._after_visit)
        life.after_cancel = self._after_cancel
        house.stage.desk.watch("DepositForfeited", self._note_forfeit)

    def plan_day(self, on: date) -> None:
        """Look for a slot that nobody has taken, at times that only one kind of fault has."""
        for branch in self._house.tenant.branches.values():
            for at in WAIVED_AT:
                self._plan(branch, local(on, at), "waived", self._waive_deposit)
            for at in TWICE_AT:
                self._plan(branch, local(on, at), "twice", self._come_twice)

    def _plan(self, branch: Branch, at: datetime, what: str, act) -> None:
        self._house.plan(at, f"5 {what}", branch.key, lambda: act(branch))

    def _is_due(self, fault: str) -> bool:
        return self._house.faults.wants(fault, day_of(self._house.now))

    def _after_visit(self, visit: Visit) -> None:
        """The patient has been seen and has their bill."""
        if visit.mode != "in_person":
            return
        if self._is_due("F33"):
            self._perform_unbilled(visit)
        elif self._is_due("F37"):
            self._give_away(visit)

    def _perform_unbilled(self, visit: Visit) -> None:
        """The doctor writes down a dressing; whoever should bill it does not see it."""
        house, tenant = self._house, self._house.tenant
        dressing = GivenAway(tenant.id_of("sreq", visit.id, "dressing"), visit, tenant.dressing_paise, house.now)
        house.ledger.unbilled.append(dressing)
        specialty = visit.practitioner.specialty
        done = Advice(dressing.id, visit.person, visit.branch, visit.practitioner, specialty, tenant.dressing)
        done.performed_at, done.performed_in = house.now, visit
        house.ledger.advices.append(done)
        command = RecordServicePerformed(
            encounter_id=tenant.id_of("enc", visit.id),
            service_id=tenant.dressing.id,
            practitioner_id=visit.practitioner.id,
            performed_at=house.now,
        )
        house.stage.desk.ask(
            tenant.id, visit.practitioner.actor, command, visit.id, channel="doctor_app", aggregate_id=dressing.id
        )
        self._place("F33", visit.branch, [dressing.id], dressing.amount_paise, "unbilled_service")

    def _give_away(self, visit: Visit) -> None:
        """A dressing on a bill of its own, every paisa of it let go by the manager."""
        house, tenant = self._house, self._house.tenant
        price = tenant.dressing_paise
        bill = GivenAway(tenant.id_of("inv", visit.id, "dressing"), visit, price, house.now)
        house.ledger.given_away.append(bill)
        house.ledger.journal.billed(house.today, visit.branch.id, 0, 0, price)
        free = BillLine(tenant.dressing, visit.practitioner, price, discount_paise=price)
        house.ledger.bills.append(Bill(bill.id, visit.branch, house.now, [free], visit))
        line = NewLine(
            line_no=1,
            service_id=tenant.dressing.id,
            practitioner_id=visit.practitioner.id,
            qty=1,
            unit_price_paise=price,
            discount_paise=price,
            gst_bps=0,
            tax_inclusive=True,
        )
        command = IssueInvoice(
            patient_id=visit.person.id,
            branch_id=visit.branch.id,
            encounter_id=tenant.id_of("enc", visit.id),
            lines=(line,),
        )
        house.stage.desk.ask(tenant.id, self._manager_at_desk, command, visit.id, "dressing", aggregate_id=bill.id)
        self._place("F37", visit.branch, [f"{bill.id}/1"], price - price * DESK_LIMIT_BPS // 10_000, "excess_discount")

    def _note_forfeit(self, recorded: Recorded) -> None:
        event = recorded.event
        assert isinstance(event, DepositForfeited)
        if recorded.tenant_id == self._house.tenant.id and recorded.payment_id is not None:
            self._forfeits.setdefault(event.appointment_id, []).append((recorded.payment_id, event.forfeit_id))

    def _after_cancel(self, visit: Visit) -> None:
        """A patient who cancelled late complains, and finance gives in."""
        if visit.initiator == "patient" and visit.forfeit_paise and self._is_due("F34"):
            visit.forgiven_paise = visit.forfeit_paise
            self._place("F34", visit.branch, [visit.id], visit.forfeit_paise, "policy_forfeit_not_taken")
            self._house.plan(self._house.now + 10 * MINUTE, "9 forgive", visit.id, lambda: self._forgive(visit))

    def _forgive(self, visit: Visit) -> None:
        house, tenant = self._house, self._house.tenant
        for receipt in visit.receipts:
            for payment_id, forfeit_id in self._forfeits.get(visit.id, ()):
                if payment_id == receipt.id:
                    command = ReverseForfeit(payment_id=payment_id, forfeit_id=forfeit_id, reason="goodwill")
                    house.stage.desk.ask(tenant.id, tenant.finance, command, forfeit_id)
        left = visit.forfeit_paise
        for receipt in visit.receipts:
            back = min(left, receipt.used_paise - sum(refund.amount_paise for refund in receipt.refunds))
            receipt.used_paise -= back
            left -= back
            house.ledger.journal.forfeited(house.today, receipt, -back, -tax_inside(back, visit.service.gst_bps))
        visit.forfeit_paise = visit.forfeit_gst_paise = 0

    def _waive_deposit(self, branch: Branch) -> None:
        """Somebody rings, is let off the deposit, and does not come."""
        house = self._house
        slot = self._untaken(branch)
        if slot is None or not self._is_due("F35"):
            return
        service = house.tenant.consultation[slot.sitting.practitioner.specialty.id]
        price = house.tenant.price(service, branch.city, "new")
        required = self._reception.deposit(price, "phone")
        if not required:
            return
        person = self._people.register_apart(branch, f"waived/{branch.key}/{house.now:%Y-%m-%d-%H}", "phone")
        visit = self._book(branch, person, slot, "new", price, "phone", required)
        self._life.wait_in_vain(visit)
        self._place("F35", branch, [visit.id], required, "deposit_waived")

    def _come_twice(self, branch: Branch) -> None:
        """Two free visits of one patient after one paid: the first was down as a no-show when the second was booked."""
        if self._is_twice_begun or not self._is_due("F36"):
            return
        found = next(
            ((slot, later, person) for slot in self._all_untaken(branch) for later, person in self._comers(slot)), None
        )
        if found is None:
            return
        slot, later, person = found
        house, self._is_twice_begun = self._house, True
        first = self._book(branch, person, slot, "follow_up", 0, "console", 0)
        house.plan(house.now + 20 * MINUTE, "5 twice", first.id, lambda: self._life.mark_absent(first))
        house.plan(later.start_at + PAST, "5 twice again", first.id, lambda: self._come_again(first, later))

    def _come_again(self, first: Visit, slot: Slot) -> None:
        house, person = self._house, first.person
        self._is_twice_begun = False
        if slot.free != slot.capacity:
            return
        second = self._book(first.branch, person, slot, "follow_up", 0, "console", 0)
        dice = house.stage.draws.of("twice", first.id)
        self._visit_day.come_after_all(first, dice)
        self._visit_day.take_in(second, dice)
        service = house.tenant.consultation[slot.sitting.practitioner.specialty.id]
        price = house.tenant.price(service, first.branch.city, "follow_up")
        self._place("F36", first.branch, [second.id], price, "free_followup_misuse")

    def _comers(self, slot: Slot) -> list[tuple[Slot, Person]]:
        """(slot half an hour later, patient) of who may come free to that practitioner now and has not yet."""
        later = [
            other
            for other in slot.sitting.slots[day_of(slot.start_at)]
            if other.start_at == slot.start_at + HALF_AN_HOUR and other.free == other.capacity
        ]
        today = day_of(slot.start_at)
        # who was asked to come again comes for that
        asked = {followup.visit.person.id for followup in self._house.ledger.followups}
        people = [person for person in slot.sitting.branch.people if is_kept_apart(person) and person.id not in asked]
        comers = [person for person in people if _may_come_free(person, slot, today)]
        return [(other, person) for other in later for person in comers]

    def _untaken(self, branch: Branch) -> Slot | None:
        return next(iter(self._all_untaken(branch)), None)

    def _all_untaken(self, branch: Branch) -> list[Slot]:
        """Slots that began fourteen and a half minutes ago and in which nobody is expected."""
        start = self._house.now - PAST
        sittings: list[Sitting] = branch.sittings
        return [
            slot
            for sitting in sittings
            for slot in sitting.slots.get(day_of(start), ())
            if slot.start_at == start and slot.free == slot.capacity and slot.mode != "tele"
        ]

    def _book(
        self,
        branch: Branch,
        person: Person,
        slot: Slot,
        visit_type: VisitType,
        price: int,
        channel: EntryChannel,
        required: int,
    ) -> Visit:
        house, tenant = self._house, self._house.tenant
        service = tenant.consultation[slot.sitting.practitioner.specialty.id]
        visit = self._reception.note(
            tenant.id_of("appt", "apart", slot.id, visit_type),
            person,
            slot,
            service,
            visit_type,
            price,
            channel,
            required,
        )
        command = BookAppointment(
            patient_id=person.id,
            slot_id=slot.id,
            service_id=service.id,
            visit_type=visit_type,
            quoted_price_paise=price,
            channel=channel,
            deposit_waiver_reason="asked nicely" if required else None,
            walk_in=True,
        )
        house.stage.desk.ask(tenant.id, branch.front_desk, command, visit.id, channel=channel, aggregate_id=visit.id)
        self._reception.settle(visit)
        return visit

    def _place(self, name: str, branch: Branch, ids: list[str], amount: int, expected: str) -> None:
        self._house.faults.place(
            name,
            leg="-",
            expected=expected,
            ids=ids,
            branch_id=branch.id,
            amount_paise=amount,
            detected_from=day_of(self._house.now),
        )


def _may_come_free(person: Person, slot: Slot, today: date) -> bool:
    """Paid to be seen there within the week, nothing free since, and nothing else ahead today."""
    same = [visit for visit in person.visits if visit.practitioner is slot.sitting.practitioner]
    paid = [day_of(visit.start_at) for visit in same if visit.status == "fulfilled" and not visit.is_free]
    if not paid or not max(paid) < today <= max(paid) + FREE_DAYS * DAY:
        return False
    is_free_used = any(visit.is_free and day_of(visit.start_at) >= max(paid) for visit in same)
    is_busy = any(visit.is_active or day_of(visit.start_at) == today for visit in person.visits)
    return not is_free_used and not is_busy
