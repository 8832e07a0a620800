"""Follow-ups: a doctor wants to see the patient again, who comes in time, early, late, or never."""

from __future__ import annotations

from datetime import date, timedelta

from event_store.aggregates.followup.commands import AmendFollowUp, CloseFollowUp, RequestFollowUp
from mymedic.messages import EntryChannel
from simulator.books.care import FollowUp
from simulator.books.records import Visit
from simulator.calendar import day_of, local
from simulator.care.appointments import Appointments, around
from simulator.draws import Dice
from simulator.stage import House

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


class FollowingUp:
    """Plays who asks and who comes again; every finished visit may be what was asked for."""

    def __init__(self, house: House, appointments: Appointments) -> None:
        self._house = house
        self._appointments = appointments
        self._tables = house.stage.profile.care

    def during(self, visit: Visit) -> bool:
        """Whether the doctor asks to see the patient again."""
        dice = self._house.stage.draws.of("follow-up", visit.id)
        if not dice.chance(self._tables.follows_up):
            return False
        self._ask_again(visit, dice)
        return True

    def completes(self, visit: Visit) -> None:
        """The visit has ended: it is the one that was asked for with the earliest day, if any was."""
        assert visit.started_at is not None
        on = day_of(visit.started_at)
        met = [one for one in visit.person.followups if one.is_open(on) and one.is_met_by(visit)]
        if met:
            min(met, key=lambda one: (one.due_on, one.id)).completed_on = on

    def _ask_again(self, visit: Visit, dice: Dice) -> None:
        house, tables = self._house, self._tables
        assert visit.started_at is not None
        seen_on = day_of(visit.started_at)
        due_on = seen_on + dice.between(*tables.due_in) * DAY
        rule = tables.follow_up
        due_from, due_to = due_on - rule.early_days * DAY, due_on + rule.late_days * DAY
        followup = FollowUp(
            id=house.tenant.id_of("fup", visit.id),
            visit=visit,
            due_on=due_on,
            due_from=due_from,
            due_to=due_to,
            lapse_on=due_to + rule.lapse_days * DAY,
            free_until=None if visit.is_free else seen_on + rule.free_days * DAY,
            same_practitioner=not dice.chance(tables.any_practitioner),
            first_due_to=due_to,
            counted=(due_on, due_from, due_to),
        )
        house.ledger.followups.append(followup)
        visit.person.followups.append(followup)
        command = RequestFollowUp(
            followup_id=followup.id,
            encounter_id=house.tenant.id_of("enc", visit.id),
            due_on=due_on,
            reason="see how it goes",
            same_practitioner=followup.same_practitioner,
        )
        actor = visit.practitioner.actor
        house.stage.desk.ask(house.tenant.id, actor, command, visit.id, channel="doctor_app", aggregate_id=followup.id)
        amends, is_late = dice.chance(tables.amends), dice.chance(tables.amends_late)
        if amends:
            on = due_to + DAY if is_late else seen_on + max(1, (due_on - seen_on).days // 2) * DAY
            at = local(on, "09:10", dice.between(0, 200) * MINUTE)
            house.plan_while_open(at, "3 amend", followup.id, lambda: self._amend(followup, dice))
        else:
            self._plan_fate(followup, dice)

    def _amend(self, followup: FollowUp, dice: Dice) -> None:
        house, today = self._house, day_of(self._house.now)
        if not followup.is_open(today):
            return
        moved = dice.between(*self._tables.moved_by) * DAY
        followup.due_on += moved
        followup.due_from += moved
        followup.due_to += moved
        followup.lapse_on += moved
        if today <= followup.first_due_to:
            followup.counted = (followup.due_on, followup.due_from, followup.due_to)
        command = AmendFollowUp(followup_id=followup.id, due_on=followup.due_on)
        actor = followup.visit.practitioner.actor
        house.stage.desk.ask(house.tenant.id, actor, command, followup.id, channel="doctor_app")
        self._plan_fate(followup, dice)

    def _plan_fate(self, followup: FollowUp, dice: Dice) -> None:
        house, tomorrow = self._house, day_of(self._house.now) + DAY
        fate = dice.pick(self._tables.follow_up_fate)
        by_portal = dice.chance(self._tables.by_portal)
        if fate in ("declines", "called_off"):
            on = max(tomorrow, followup.due_from)
            at = local(on, "10:10", dice.between(0, 300) * MINUTE)
            house.plan_while_open(at, "3 call off", followup.id, lambda: self._close(followup, fate))
        elif fate != "lapses":
            first, last = _days(followup, fate)
            first = max(first, tomorrow)
            on = first + dice.between(0, max(0, (last - first).days)) * DAY
            ask_on = max(on - dice.between(0, 3) * DAY, tomorrow - DAY)
            at = max(local(ask_on, "08:50", dice.between(0, 560) * MINUTE), house.now + 15 * MINUTE)
            days = around(on, max(first, day_of(at)), max(on, last))
            house.plan_while_open(at, "3 come again", followup.id, lambda: self._book(followup, days, by_portal))

    def _book(self, followup: FollowUp, days: list[date], by_portal: bool) -> None:
        if followup.is_bookable(day_of(self._house.now)):
            self._appointments.for_follow_up(followup, days, by_portal)

    def _close(self, followup: FollowUp, fate: str) -> None:
        house = self._house
        if not followup.is_open(day_of(house.now)):
            return
        by_patient = fate == "declines"
        followup.closed_as = "declined" if by_patient else "cancelled"
        command = CloseFollowUp(followup_id=followup.id, outcome=followup.closed_as)
        actor = followup.visit.branch.front_desk if by_patient else followup.visit.practitioner.actor
        channel: EntryChannel = "phone" if by_patient else "doctor_app"
        house.stage.desk.ask(house.tenant.id, actor, command, followup.id, channel=channel)


def _days(followup: FollowUp, fate: str) -> tuple[date, date]:
    """First and last day of coming in, before or after the window."""
    if fate == "early":
        return followup.due_from - 2 * DAY, followup.due_from - DAY
    if fate == "late":
        return followup.due_to + DAY, followup.lapse_on
    return followup.due_from, followup.due_to
