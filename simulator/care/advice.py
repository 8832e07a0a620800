"""Advice: a doctor names a procedure, the patient answers, and has it done in time, late, elsewhere or never."""

from __future__ import annotations

from datetime import date, timedelta

from event_store.aggregates.service_request.commands import (
    AdviseService,
    RecordServicePerformed,
    RespondToAdvice,
    RevokeServiceRequest,
    ScheduleService,
)
from mymedic.messages import EntryChannel
from simulator.books.care import Advice
from simulator.books.records import Visit
from simulator.calendar import day_of, local
from simulator.care.appointments import Appointments, around
from simulator.cast import Branch
from simulator.draws import Dice
from simulator.stage import House

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
# The device of a doctor who is out of reach sends what it holds the next morning.
BACK_ONLINE = "08:40"


class Advising:
    """Plays doctors and patients of one tenant; what is performed answers the oldest advice that still waits."""

    def __init__(self, house: House, appointments: Appointments) -> None:
        self._house = house
        self._appointments = appointments
        self._tables = house.stage.profile.care

    def during(self, visit: Visit) -> bool:
        """Before the visit ends: perform what it was booked for, or advise something; whether anything was advised."""
        dice = self._house.stage.draws.of("advice", visit.id)
        if visit.visit_type == "procedure":
            self._perform(visit)
            return False
        has_one = visit.practitioner.specialty.id in self._house.tenant.procedure
        if has_one and dice.chance(self._tables.advises):
            self._advise(visit, dice)
            return True
        return False

    def after(self, visit: Visit) -> None:
        """F38: after the visit a doctor out of reach advises an investigation, which is recorded the next morning."""
        house, now = self._house, self._house.now
        service = house.tenant.investigation
        if service is None or not house.faults.wants("F38", day_of(now)):
            return
        advice = self._new(visit, "offline")
        advice.service = service
        advice.advised_at, advice.window_ends_at = now, now + self._tables.window_days * DAY
        advice.list_price_paise = house.tenant.price(service, visit.branch.city, "")
        back_at = local(day_of(now) + DAY, BACK_ONLINE)
        house.faults.place(
            "F38",
            leg="-",
            expected="recorded_later",
            ids=[advice.id],
            branch_id=visit.branch.id,
            detected_from=day_of(back_at),
        )

        def send() -> None:
            self._note(advice)
            house.stage.desk.ask(
                house.tenant.id,
                visit.practitioner.actor,
                self._command(advice, visit),
                advice.id,
                channel="doctor_app",
                aggregate_id=advice.id,
                done_at=advice.advised_at,
            )

        house.plan(back_at, "2 back online", advice.id, send)

    def _perform(self, visit: Visit) -> None:
        house, now = self._house, self._house.now
        waiting = [one for one in visit.person.advices if one.service is visit.service and one.is_waiting(now)]
        if waiting:
            advice = min(waiting, key=lambda one: (one.advised_at, one.id))
        elif visit.advice is not None and visit.advice.performed_at is None and not visit.advice.is_revoked:
            advice = visit.advice  # its window is over: performed late
        else:
            advice = self._new(visit, "unadvised")
            self._note(advice)
        is_advised = advice.advised_at is not None
        advice.performed_at, advice.performed_in = now, visit
        command = RecordServicePerformed(
            service_request_id=advice.id if is_advised else None,
            encounter_id=house.tenant.id_of("enc", visit.id),
            service_id=visit.service.id,
            practitioner_id=visit.practitioner.id,
            performed_at=now,
        )
        house.stage.desk.ask(
            house.tenant.id,
            visit.practitioner.actor,
            command,
            visit.id,
            channel="doctor_app",
            aggregate_id=None if is_advised else advice.id,
        )

    def _advise(self, visit: Visit, dice: Dice) -> None:
        house, now, tables = self._house, self._house.now, self._tables
        advice = self._new(visit, "advised")
        advice.service = house.tenant.procedure[visit.practitioner.specialty.id]
        advice.advised_at, advice.window_ends_at = now, now + tables.window_days * DAY
        advice.list_price_paise = house.tenant.price(advice.service, visit.branch.city, "procedure")
        self._note(advice)
        command = self._command(advice, visit)
        actor = visit.practitioner.actor
        house.stage.desk.ask(house.tenant.id, actor, command, advice.id, channel="doctor_app", aggregate_id=advice.id)
        # what a patient says follows from what he means to do
        in_time = dice.chance(advice.specialty.converts)
        answer = dice.pick(tables.answer_of_willing if in_time else tables.answer_of_others)
        if answer != "silent":
            at = now + dice.between(2, 90) * MINUTE
            house.plan_while_open(at, "5 answer", advice.id, lambda: self._answer(advice, visit, answer))
        if answer != "declined":
            self._plan_fate(advice, in_time, dice)

    def _new(self, visit: Visit, kind: str) -> Advice:
        id = self._house.tenant.id_of("sreq", visit.id, kind)
        doctor = visit.practitioner
        return Advice(id, visit.person, visit.branch, doctor, doctor.specialty, visit.service)

    def _note(self, advice: Advice) -> None:
        self._house.ledger.advices.append(advice)
        advice.person.advices.append(advice)

    def _command(self, advice: Advice, visit: Visit) -> AdviseService:
        return AdviseService(
            service_request_id=advice.id,
            encounter_id=self._house.tenant.id_of("enc", visit.id),
            service_id=advice.service.id,
            priority="routine",
            list_price_paise=advice.list_price_paise,
            practitioner_id=advice.practitioner.id,
        )

    def _answer(self, advice: Advice, visit: Visit, answer: str) -> None:
        if advice.answer or advice.is_revoked or advice.is_scheduled or not advice.is_waiting(self._house.now):
            return
        advice.answer = "accepted" if answer == "accepted" else "declined"
        by_self = visit.channel == "portal"
        actor = visit.person.actor if by_self else visit.branch.front_desk
        command = RespondToAdvice(
            service_request_id=advice.id,
            decision=advice.answer,
            reason=None if answer == "accepted" else "wants to think about it",
        )
        channel: EntryChannel = "portal" if by_self else "console"
        self._house.stage.desk.ask(self._house.tenant.id, actor, command, advice.id, channel=channel)

    def _plan_fate(self, advice: Advice, in_time: bool, dice: Dice) -> None:
        house, tables = self._house, self._tables
        fate = "in_time" if in_time else dice.pick(tables.advice_else)
        branch = self._branch_for(advice, dice)
        days = tables.performed_within if in_time else tables.performed_late
        today = day_of(house.now)
        on = today + dice.between(*days) * DAY
        says_so = in_time and not dice.chance(tables.unscheduled)
        if fate == "revoked":
            at = house.now + dice.between(20, 60) * 60 * MINUTE
            house.plan_while_open(at, "4 revoke", advice.id, lambda: self._revoke(advice))
        elif fate != "nothing":
            ask_on = on - min(dice.between(0, 3), (on - today).days) * DAY
            at = max(local(ask_on, "09:20", dice.between(0, 500) * MINUTE), house.now + 100 * MINUTE)
            suits = around(on, max(day_of(at), today + days[0] * DAY), max(on, today + days[1] * DAY))
            house.plan_while_open(
                at, "3 have it done", advice.id, lambda: self._book(advice, branch, suits, dice, says_so)
            )

    def _branch_for(self, advice: Advice, dice: Dice) -> Branch:
        """Now and then another branch that has the specialty."""
        others = [
            branch
            for branch in self._house.tenant.branches.values()
            if branch is not advice.branch
            and any(sitting.practitioner.specialty is advice.specialty for sitting in branch.sittings)
        ]
        goes_elsewhere = dice.chance(self._tables.performed_elsewhere)
        return dice.one_of(others) if others and goes_elsewhere else advice.branch

    def _book(self, advice: Advice, branch: Branch, days: list[date], dice: Dice, says_so: bool) -> None:
        if advice.is_revoked or advice.answer == "declined" or advice.performed_at is not None:
            return
        house = self._house
        by_portal = dice.chance(self._tables.by_portal)
        visit = self._appointments.for_advice(advice, branch, days, by_portal)
        if visit is not None and says_so and not advice.is_scheduled and advice.is_waiting(house.now):
            advice.is_scheduled = True
            command = ScheduleService(service_request_id=advice.id, appointment_id=visit.id)
            house.stage.desk.ask(house.tenant.id, branch.front_desk, command, advice.id)

    def _revoke(self, advice: Advice) -> None:
        if advice.is_waiting(self._house.now) and not advice.is_scheduled:
            advice.is_revoked = True
            command = RevokeServiceRequest(service_request_id=advice.id, reason="no longer indicated")
            actor = advice.practitioner.actor
            self._house.stage.desk.ask(self._house.tenant.id, actor, command, advice.id, channel="doctor_app")
