"""An event that a process cannot answer is parked for it with its stream; all else goes on, and nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest

from event_store.aggregates.appointment.commands import CancelAppointment
from event_store.recorded import Recorded
from event_store.subscriptions.parking import Decision, LedgerParking, Noted, Parked
from mymedic.errors import Refused
from processes import reacting
from processes.catalogue import TIMERS, Ringing
from processes.runner import Runner
from processes.world import World
from tests.chain import BALA, Chain
from tests.unit.event_store.clinic import ENGINEER

BILLING = "processes.billing"


class Bug:
    """A reaction that cannot answer some streams as long as it is not mended; `asks`: what it does before it fails."""

    def __init__(self, chain: Chain, monkeypatch: pytest.MonkeyPatch, event_type: str, process: str) -> None:
        self.is_there, self.error = True, KeyError("svc_gone")
        self.streams: set[str] = set()
        self.answered: list[int] = []
        reactions = reacting.ANSWERED[event_type]
        self._real = dict(reactions)[process]
        broken = tuple((name, self if name == process else reaction) for name, reaction in reactions)
        monkeypatch.setitem(reacting.ANSWERED, event_type, broken)

    def __call__(self, event: Recorded, body: Any, world: World) -> None:
        self._real(event, body, world)  # what it has done before it fails is undone
        if self.is_there and event.stream_id in self.streams:
            raise self.error
        self.answered.append(event.seq)


@pytest.fixture
def broken(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> Bug:
    """Billing fails at the end of Asha's visit; Bala's is as ever."""
    bug = Bug(chain, monkeypatch, "EncounterFinished", "billing")
    bug.streams = {"encounter-enc_1"}
    return bug


def two_visits(chain: Chain) -> None:
    chain.book("appt_1", 3, "18:00")
    chain.book("appt_2", 3, "18:15", BALA)
    with chain.at(3, "18:00").paused():
        chain.visit("appt_1", "enc_1")
        chain.visit("appt_2", "enc_2")


def waiting(chain: Chain) -> list[Parked]:
    return LedgerParking(chain.store.ledger, chain.clock).waiting()


def decide(chain: Chain, decision: Decision) -> None:
    (one,) = waiting(chain)
    LedgerParking(chain.store.ledger, chain.clock).decide(one, decision, ENGINEER, "mended")
    chain.runner.tick(chain.tenant_id)


def steps(chain: Chain) -> list[tuple[str, str, str]]:
    entries: list[Noted] = LedgerParking(chain.store.ledger, chain.clock).log.of(chain.tenant_id)
    return [(one.consumer, one.step, one.actor_id) for one in entries]


def billed(chain: Chain) -> list[str]:
    return [one.encounter_id for one in chain.events("InvoiceIssued")]


def test_one_poisoned_event_waits_alone_and_loudly(chain: Chain, broken: Bug, caplog: pytest.LogCaptureFixture) -> None:
    two_visits(chain)
    chain.runner.drain(chain.tenant_id)
    assert billed(chain) == ["enc_2"]
    (one,) = waiting(chain)
    assert (one.consumer, one.stream_id, one.event_type) == (BILLING, "encounter-enc_1", "EncounterFinished")
    assert (one.error, one.attempts, one.state) == ("KeyError: 'svc_gone'", 1, "parked")
    assert caplog.messages == [
        f"process billing failed at {one.event_id}: KeyError: 'svc_gone'; `mymedic parked list` shows it"
    ]
    head = chain.head()
    chain.runner.tick(chain.tenant_id)
    Runner(chain.store.handler).drain(chain.tenant_id)
    assert (chain.head(), len(waiting(chain)), len(broken.answered)) == (head, 1, 1)


def test_a_retry_answers_it_exactly_once(chain: Chain, broken: Bug) -> None:
    two_visits(chain)
    chain.runner.drain(chain.tenant_id)
    broken.is_there = False
    decide(chain, "retry")
    assert billed(chain) == ["enc_2", "enc_1"]
    chain.runner.tick(chain.tenant_id)
    assert (waiting(chain), billed(chain)) == ([], ["enc_2", "enc_1"])
    assert steps(chain) == [
        (BILLING, "parked", "system:worker"),
        (BILLING, "retry", ENGINEER.id),
        (BILLING, "resumed", "system:worker"),
    ]


def test_a_retry_too_early_parks_it_again(chain: Chain, broken: Bug) -> None:
    two_visits(chain)
    chain.runner.drain(chain.tenant_id)
    head = chain.head()
    broken.error = ValueError("still")
    decide(chain, "retry")
    (one,) = waiting(chain)
    assert (one.error, one.attempts, one.state, chain.head()) == ("ValueError: still", 2, "parked", head)
    broken.is_there = False
    decide(chain, "retry")
    assert (waiting(chain), billed(chain)) == ([], ["enc_2", "enc_1"])


def test_what_is_discarded_is_left_out_for_good(chain: Chain, broken: Bug) -> None:
    two_visits(chain)
    chain.runner.drain(chain.tenant_id)
    broken.is_there = False
    decide(chain, "discard")
    assert (waiting(chain), billed(chain)) == ([], ["enc_2"])
    assert [step for _, step, _ in steps(chain)] == ["parked", "discard", "resumed"]


def test_later_events_of_the_stream_wait_behind_it_in_order(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deposits of an appointment: the booking's message fails, the cancellation's waits, other processes go on."""
    booked = Bug(chain, monkeypatch, "AppointmentBooked", "notifying")
    cancelled = Bug(chain, monkeypatch, "AppointmentCancelled", "notifying")
    booked.streams = {"appointment-appt_1"}
    chain.book("appt_1", 3, "18:00")
    chain.ask(CancelAppointment(appointment_id="appt_1", initiator="patient", reason_code="cost"))
    chain.book("appt_2", 3, "18:00", BALA)
    assert (len(waiting(chain)), cancelled.answered) == (1, [])
    told = [event.template for event in chain.events("NotificationRequested")]
    assert told == ["appointment_booked"]  # Bala's
    decide(chain, "discard")
    told = [event.template for event in chain.events("NotificationRequested")]
    assert (waiting(chain), told) == ([], ["appointment_booked", "appointment_cancelled"])
    assert (len(booked.answered), len(cancelled.answered)) == (1, 1)


def test_a_timer_that_fails_is_parked_and_the_others_go_off(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    chain.book("appt_1", 4, "18:00")
    chain.book("appt_2", 4, "18:15", BALA)
    real = TIMERS["remind_patient"]

    def fails(timer: Any, world: World) -> None:
        if timer.id == "appt_1":
            raise ZeroDivisionError("by nothing")
        real.fire(timer, world)

    with monkeypatch.context() as patched:
        patched.setitem(TIMERS, "remind_patient", Ringing("notifying", fails))
        chain.at(3, "18:00")
    (one,) = waiting(chain)
    assert (one.consumer, one.stream_id) == ("processes.notifying", "timer-remind_patient:appt_1")
    assert [event.related_ref for event in chain.events("NotificationRequested")][2:] == ["appt_2@2026-11-04"]
    decide(chain, "retry")
    refs = [event.related_ref for event in chain.events("NotificationRequested")]
    assert (waiting(chain), refs[2:]) == ([], ["appt_2@2026-11-04", "appt_1@2026-11-04"])


@pytest.mark.parametrize("code", ["STORE_LOCKED", "STORE_FULL", "SCHEMA_VERSION_UNKNOWN"])
def test_a_store_that_cannot_go_on_parks_nothing(chain: Chain, broken: Bug, code: str) -> None:
    two_visits(chain)
    broken.error = Refused(code, "gone")  # type: ignore[assignment]
    with pytest.raises(Refused, match="gone"):
        chain.runner.drain(chain.tenant_id)
    broken.is_there = False
    chain.runner.drain(chain.tenant_id)
    assert (waiting(chain), billed(chain)) == ([], ["enc_1", "enc_2"])


def test_an_event_that_cannot_be_read_is_parked_for_each_that_answers_it(chain: Chain) -> None:
    two_visits(chain)
    (finished,) = (
        one for one in chain.log() if one.stream_id == "encounter-enc_1" and one.event_type == "EncounterFinished"
    )
    _spoil(chain, finished.seq)
    fresh = Chain(chain.store.ledger, chain.store.vault)
    fresh.clock.move_to(chain.clock.now())
    fresh.runner.drain(chain.tenant_id)
    assert {one.consumer for one in waiting(fresh)} == {BILLING, "processes.followups"}


def test_a_log_with_a_hole_is_not_answered_past_it(chain: Chain) -> None:
    two_visits(chain)
    seq, head = chain.head() - 1, chain.head()
    with chain.store.ledger.write() as session:
        session.execute("DROP TRIGGER event_no_delete")
        session.execute("DELETE FROM event WHERE tenant_id = ? AND seq = ?", (chain.tenant_id, seq))
    with pytest.raises(Refused) as refused:
        chain.runner.drain(chain.tenant_id)
    assert (refused.value.code, chain.head(), waiting(chain)) == ("FEED_GAP", head, [])


def _spoil(chain: Chain, seq: int) -> None:
    """As only a broken disk does it: the database itself refuses."""
    with chain.store.ledger.write() as session:
        session.execute("DROP TRIGGER IF EXISTS event_no_update")
        session.execute("UPDATE event SET payload = '{' WHERE tenant_id = ? AND seq = ?", (chain.tenant_id, seq))
