"""Every legal history of a follow-up ends in one state of DOMAIN §2.4, and those that are due add up (B3)."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from event_store.aggregates.followup import events as e
from event_store.aggregates.followup.commands import (
    AmendFollowUp,
    CloseFollowUp,
    CompleteFollowUp,
    EvaluateFollowUps,
)
from event_store.catalogue import AGGREGATES, decode_event, encode_payload
from mymedic.clock import INDIA
from mymedic.errors import Refused
from mymedic.messages import Actor, Command
from tests.unit.event_store.clinic import DESK, DOCTOR, PATIENT, TIMER
from tests.unit.event_store.followup.visits import a_visit, request, seen

# DOMAIN §2.4, and an amendment, after which whatever was overdue waits again
ARROWS = {
    "FollowUpBooked": {"requested": "booked", "booked": "booked", "overdue": "booked"},
    "FollowUpUnbooked": {"booked": "requested", "overdue": "overdue"},
    "FollowUpCompleted": {"requested": "completed", "booked": "completed", "overdue": "completed"},
    "FollowUpOverdue": {"requested": "overdue", "booked": "overdue"},
    "FollowUpLapsed": {"overdue": "lapsed"},
    "declined": {"requested": "declined", "booked": "declined", "overdue": "declined"},
    "cancelled": {"requested": "cancelled", "booked": "cancelled", "overdue": "cancelled"},
    "deceased": {"requested": "cancelled", "booked": "cancelled", "overdue": "cancelled"},
}
OPEN = {"requested", "booked", "overdue"}
PICK = st.integers(0, 100)
OUTCOMES = st.sampled_from(["declined", "cancelled", "deceased"])


class FollowUps(RuleBasedStateMachine):
    """Three follow-ups of one encounter: whatever is asked of them in whatever order, time going on between."""

    @initialize(days=st.lists(st.integers(1, 20), min_size=3, max_size=3))
    def ask(self, days: list[int]) -> None:
        self.world = seen()
        self.status: dict[str, str] = {}
        self.due: dict[str, tuple[date, date, date]] = {}  # the window that counts, and the last day
        self.first_due_to: dict[str, date] = {}
        self.visits = self.appointments = 0
        self.read = len(self.world.log)
        for number, day in enumerate(days):
            id, due_on = f"fup_{number}", date(2026, 11, 2) + timedelta(days=day)
            self.world.when(request(due_on, reason=id), actor=DOCTOR, id=id)
        self.follow()

    @property
    def today(self) -> date:
        return self.world.now.astimezone(INDIA).date()

    def id(self, pick: int) -> str:
        """One of the three, an open one more often than not."""
        ids = sorted(self.status)
        useful = [id for id in ids if self.status[id] in OPEN] or ids
        return (useful if pick % 4 else ids)[pick % len(useful if pick % 4 else ids)]

    def ask_for(self, command: Command, actor: Actor, is_legal: bool) -> None:
        """A legal command is accepted and anything else is INVALID_STATE, and changes nothing."""
        try:
            self.world.when(command, actor=actor)
        except Refused as refusal:
            assert not is_legal and refusal.code == "INVALID_STATE", (command, refusal)
            assert len(self.world.log) == self.read
        else:
            assert is_legal, command
        self.follow()

    def follow(self) -> None:
        """Follow the events along the arrows, by rules of the test's own."""
        for aggregate, id, event in self.world.log[self.read :]:
            if aggregate != "followup":
                continue
            name = event.outcome if isinstance(event, e.FollowUpClosed) else type(event).__name__
            if isinstance(event, e.FollowUpRequested):
                self.status[id], self.first_due_to[id] = "requested", event.due_to
                self.due[id] = (event.due_from, event.due_to, event.lapse_on)
            elif isinstance(event, e.FollowUpAmended):
                assert self.status[id] in OPEN
                is_linked = self.world.state("followup", id).appointment_id is not None
                self.status[id] = "booked" if is_linked else "requested"
                in_time = self.today <= self.first_due_to[id]
                counted = (event.due_from, event.due_to) if in_time else self.due[id][:2]
                self.due[id] = (*counted, event.lapse_on)
            else:
                self.status[id] = ARROWS[name][self.status[id]]
        self.read = len(self.world.log)

    @rule(pick=PICK, days=st.integers(1, 40))
    def amend(self, pick: int, days: int) -> None:
        id, due_on = self.id(pick), date(2026, 11, 2) + timedelta(days=days)
        if due_on != self.world.state("followup", id).due_on:
            self.ask_for(AmendFollowUp(followup_id=id, due_on=due_on), DOCTOR, self.status[id] in OPEN)

    @rule(pick=PICK, outcome=OUTCOMES)
    def close(self, pick: int, outcome: Any) -> None:
        id = self.id(pick)
        actor = PATIENT if outcome == "declined" else DESK
        self.ask_for(CloseFollowUp(followup_id=id, outcome=outcome), actor, self.status[id] in OPEN)

    @rule(pick=PICK)
    def book(self, pick: int) -> None:
        """What a booking writes; that it is legal the appointment decides."""
        id = self.id(pick)
        if self.status[id] in OPEN:
            self.appointments += 1
            state = self.world.state("followup", id)
            self.world.given("followup", id, state.book(f"appt_{self.appointments}", self.world.now))
            self.follow()

    @rule(pick=PICK, cause=st.sampled_from(["cancelled", "noshow"]))
    def lose_the_appointment(self, pick: int, cause: Any) -> None:
        state = self.world.state("followup", self.id(pick))
        if state.is_open and state.appointment_id:
            self.world.given("followup", state.followup_id, state.unbook(state.appointment_id, cause))
            self.follow()

    @rule(pick=PICK, practitioner_id=st.sampled_from(["prac_rao", "prac_rao", "prac_iyer"]))
    def visit(self, pick: int, practitioner_id: str) -> None:
        self.visits += 1
        a_visit(self.world, f"enc_v{self.visits}", self.world.now, practitioner_id=practitioner_id)
        self.follow()
        due = [
            (self.world.state("followup", id).due_on, id)
            for id, status in self.status.items()
            if status in OPEN and self.today <= self.due[id][2]
        ]
        first = min(due)[1] if due and practitioner_id == "prac_rao" else None
        id = first if first and pick % 3 else self.id(pick)
        self.ask_for(CompleteFollowUp(followup_id=id, encounter_id=f"enc_v{self.visits}"), TIMER, id == first)

    @rule(days=st.integers(1, 12))
    def days_pass(self, days: int) -> None:
        morning = datetime.combine(self.today + timedelta(days=days), time(9), tzinfo=INDIA)
        self.world.at(morning)
        before = dict(self.status)
        self.ask_for(EvaluateFollowUps(as_of=self.today), TIMER, is_legal=True)
        for id, status in self.status.items():
            state = self.world.state("followup", id)
            if status in OPEN:
                assert self.today <= state.lapse_on, "nothing open outlives its last day"
                assert status == "overdue" or self.today <= state.due_to or before[id] == status == "booked"
        self.ask_for(EvaluateFollowUps(as_of=self.today), TIMER, is_legal=True)
        assert self.world.log[self.read :] == []

    @invariant()
    def the_fold_agrees(self) -> None:
        for id, status in getattr(self, "status", {}).items():
            state = self.world.state("followup", id)
            assert state.status == status
            assert (state.counted_from, state.counted_to, state.lapse_on) == self.due[id]

    @invariant()
    def guards_follow_from_the_open_ones(self) -> None:
        open_ids = {id for id, status in getattr(self, "status", {}).items() if status in OPEN}
        for kind in ("followup_reason", "followup_diary"):
            held = [holder[0] for key, holder in self.world.held.items() if key[0] == kind]
            assert sorted(held) == sorted(open_ids), kind

    @invariant()
    def what_is_due_adds_up(self) -> None:
        """B3: due = adherent + late + early + lapsed + declined + open, each follow-up once."""
        parts: Counter[str] = Counter()
        due = 0
        for id in getattr(self, "status", {}):
            state = self.world.state("followup", id)
            if state.counted_to > self.today or state.status == "cancelled":
                continue
            due += 1
            is_completed = state.status == "completed"
            parts["open"] += state.is_open
            parts["lapsed"] += state.status == "lapsed"
            parts["declined"] += state.status == "declined"
            parts["early"] += is_completed and state.completed_on < state.counted_from
            parts["adherent"] += is_completed and state.counted_from <= state.completed_on <= state.counted_to
            parts["late"] += is_completed and state.counted_to < state.completed_on <= state.lapse_on
        assert parts.total() == due, parts

    def teardown(self) -> None:
        """A replay of what was stored folds the same."""
        for id in getattr(self, "status", {}):
            fresh = AGGREGATES["followup"].fresh(id)
            for aggregate, stream, event in self.world.log:
                if (aggregate, stream) == ("followup", id):
                    stored = decode_event(type(event).__name__, event.version, encode_payload(event))
                    AGGREGATES["followup"].evolve(fresh, stored)
            assert fresh == self.world.state("followup", id)


TestFollowUps = FollowUps.TestCase
TestFollowUps.settings = settings(max_examples=50, stateful_step_count=25, deadline=None)
