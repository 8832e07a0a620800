"""Every legal history of an advised service ends in one state of DOMAIN §2.4; every other command is INVALID_STATE."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from event_store.aggregates.service_request.commands import RespondToAdvice, RevokeServiceRequest, ScheduleService
from event_store.aggregates.service_request.events import ServicePerformed
from event_store.catalogue import decode_event, encode_payload
from mymedic.errors import Refused
from mymedic.messages import Actor, Command
from tests.unit.event_store.clinic import DESK, DOCTOR, ist
from tests.unit.event_store.followup.visits import seen
from tests.unit.event_store.service_request.advice import a_procedure, advise, performed

WINDOW = timedelta(days=30)
# DOMAIN §2.4; `expired` is where time takes whoever is neither answered with no nor scheduled
ARROWS = {
    "accepted": {"active": "accepted"},
    "declined": {"active": "declined"},
    "schedule": {"active": "scheduled", "accepted": "scheduled"},
    "revoke": {"active": "revoked", "accepted": "revoked"},
    "perform": {"active": "completed", "accepted": "completed", "scheduled": "completed", "expired": "completed"},
}
PICK = st.integers(0, 100)


class Advice(RuleBasedStateMachine):
    """The same service is advised again and again; what is performed answers the oldest that is open."""

    @initialize()
    def begin(self) -> None:
        self.world = a_procedure(seen(), ist(5, "11:00"))
        self.status: dict[str, str] = {}
        self.advised_at: dict[str, datetime] = {}
        self.unadvised = 0
        self.advise()

    def now_is(self, id: str) -> str:
        is_over = self.world.now >= self.advised_at[id] + WINDOW
        return "expired" if is_over and self.status[id] in ("active", "accepted") else self.status[id]

    def ask(self, command: Command, actor: Actor, arrow: str, id: str, is_legal: bool = True) -> None:
        before, after = len(self.world.log), ARROWS[arrow].get(self.now_is(id))
        try:
            (event,) = self.world.when(command, actor=actor)
        except Refused as refusal:
            assert refusal.code == "INVALID_STATE" and not (is_legal and after), (command, refusal)
            assert len(self.world.log) == before
            return
        assert is_legal and after, command
        if isinstance(event, ServicePerformed):
            assert event.advised and event.late == (self.world.now >= self.advised_at[id] + WINDOW)
        self.status[id] = after

    def id(self, pick: int) -> str:
        ids = sorted(self.status)
        useful = [id for id in ids if self.status[id] in ("active", "accepted", "scheduled")] if pick % 4 else []
        return (useful or ids)[pick % len(useful or ids)]

    @rule()
    def advise(self) -> None:
        if self.world.now <= self.world.state("encounter", "enc_1").finished_at + timedelta(hours=48):
            id = f"sreq_{len(self.status)}"
            self.world.when(advise(), actor=DOCTOR, id=id)
            self.status[id], self.advised_at[id] = "active", self.world.now

    @rule(pick=PICK, decision=st.sampled_from(["accepted", "declined"]))
    def answer(self, pick: int, decision: Any) -> None:
        id = self.id(pick)
        self.ask(RespondToAdvice(service_request_id=id, decision=decision), DESK, decision, id)

    @rule(pick=PICK)
    def schedule(self, pick: int) -> None:
        id = self.id(pick)
        self.ask(ScheduleService(service_request_id=id, appointment_id="appt_peel"), DESK, "schedule", id)

    @rule(pick=PICK)
    def revoke(self, pick: int) -> None:
        id = self.id(pick)
        self.ask(RevokeServiceRequest(service_request_id=id, reason="allergic"), DOCTOR, "revoke", id)

    @rule(pick=PICK)
    def perform(self, pick: int) -> None:
        id = self.id(pick)
        open_ones = [id for id in self.status if self.now_is(id) in ("active", "accepted", "scheduled")]
        oldest = min(open_ones, key=lambda id: (self.advised_at[id], id), default=None)
        is_first = oldest is None if self.now_is(id) == "expired" else id == oldest
        self.ask(performed(self.world.now, id), DOCTOR, "perform", id, is_first)

    @rule()
    def perform_unadvised(self) -> None:
        """It changes nothing of what was advised."""
        self.unadvised += 1
        command = performed(self.world.now, None)
        (event,) = self.world.when(command, actor=DESK, id=f"sreq_unadvised_{self.unadvised}")
        assert isinstance(event, ServicePerformed) and (event.advised, event.late) == (False, False)

    @rule(hours=st.sampled_from([1, 20, 24 * 21, 24 * 31]))
    def time_passes(self, hours: int) -> None:
        self.world.at(self.world.now + timedelta(hours=hours))

    @invariant()
    def the_fold_agrees(self) -> None:
        for id, status in getattr(self, "status", {}).items():
            state = self.world.state("service_request", id)
            assert (state.status, state.status_at(self.world.now)) == (status, self.now_is(id))

    def teardown(self) -> None:
        """Every event is read as it was written."""
        for aggregate, _, event in self.world.log if hasattr(self, "world") else ():
            if aggregate == "service_request":
                assert decode_event(type(event).__name__, event.version, encode_payload(event)) == event


TestAdvice = Advice.TestCase
TestAdvice.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
