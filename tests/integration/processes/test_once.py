"""Every event is reacted to once: run again, run after a crash, run by two servers, or run inside the batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from event_store.aggregates.appointment.commands import CancelAppointment
from event_store.aggregates.invoice.events import InvoiceIssued
from event_store.rebuild import guard_differences
from event_store.recorded import Recorded
from processes import reacting, runner
from processes.world import CONSUMER
from tests.chain import BALA, Chain, opened
from tests.founding import founded
from tests.unit.event_store.clinic import PATIENT


class Crash(BaseException):
    """The process dies here; no boundary catches it."""


def a_busy_week(chain: Chain) -> None:
    """A visit that took place, a late cancellation, a no-show, a hold that ran out and was paid too late."""
    for id, day, clock, patient in (
        ("appt_seen", 3, "18:00", PATIENT),
        ("appt_cancelled", 4, "18:00", PATIENT),
        ("appt_missed", 3, "18:15", BALA),
    ):
        chain.hold(id, day, clock, patient)
        chain.captured(chain.order(40_000, patient=patient, appointment_id=id), f"gw_{id}")
    chain.hold("appt_lapsed", 5, "18:00", BALA)
    late = chain.order(40_000, patient=BALA, appointment_id="appt_lapsed")
    chain.at(2, "11:00").captured(late, "gw_late")
    chain.at(3, "18:00").visit("appt_seen", "enc_1")
    cancel = CancelAppointment(appointment_id="appt_cancelled", initiator="patient", reason_code="cost")
    chain.at(4, "09:00").ask(cancel, PATIENT)


def timers(chain: Chain) -> list[tuple[str, int, str]]:
    with chain.store.ledger.read() as reads:
        return reads.due_timers(chain.tenant_id, CONSUMER, 2**62)


@contextmanager
def at_monday(folder: Path, *, in_batch: bool = False) -> Iterator[Chain]:
    with opened(folder) as (ledger, vault):
        yield founded(Chain(ledger, vault, in_batch=in_batch)).at(2, "10:00")


def test_reacting_inside_the_batch_is_reacting_from_the_feed(
    chain: Chain, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    since = chain.head()
    a_busy_week(chain)
    assert caplog.messages == []  # nothing that the processes asked for was refused
    with at_monday(tmp_path / "in_batch", in_batch=True) as other:
        a_busy_week(other)
        assert other.log()[since:] == chain.log()[since:]
        assert timers(other) == timers(chain)
    assert Counter(recorded.event_type for recorded in chain.log())["RefundInitiated"] == 2
    assert guard_differences(chain.store.ledger, chain.store.feed, chain.tenant_id) == []


def test_running_again_finds_nothing_to_do(chain: Chain) -> None:
    a_busy_week(chain)
    head, waiting = chain.head(), timers(chain)
    assert chain.runner.drain(chain.tenant_id) == 0
    with chain.store.handler.batch() as batch:
        assert chain.runner.fire_due(chain.tenant_id, chain.clock.now(), batch) == 0
    chain.runner.tick(chain.tenant_id)
    assert (chain.head(), timers(chain)) == (head, waiting)


def test_reacting_to_everything_a_second_time_changes_nothing(chain: Chain) -> None:
    """A checkpoint that was lost: every command comes again under the id that it had."""
    a_busy_week(chain)
    head, waiting = chain.head(), timers(chain)
    with chain.store.handler.batch() as batch:
        batch.session.set_checkpoint(chain.tenant_id, CONSUMER, 0)
    assert chain.runner.drain(chain.tenant_id) == head
    assert (chain.head(), timers(chain)) == (head, waiting)


def test_a_crash_between_two_events_leaves_no_half(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The visit is finished, the runner dies at its invoice, a new one starts: as if nothing had happened."""
    since = chain.head()
    with at_monday(tmp_path / "undisturbed") as other:
        for each in (chain, other):
            each.hold("appt_1", 3, "18:00")
            each.captured(each.order(40_000, appointment_id="appt_1"), "gw_1")
            each.at(3, "18:00")
            with each.paused():
                each.visit("appt_1", "enc_1")
        head = chain.head()
        with monkeypatch.context() as patched:
            patched.setitem(reacting.ANSWERED, InvoiceIssued.__name__, (("billing", dies),))
            for _ in range(2):
                with pytest.raises(Crash):
                    chain.runner.drain(chain.tenant_id)
                assert chain.head() == head + 1  # the invoice stands, what follows from it is still to come
        runner.Runner(chain.store.handler).drain(chain.tenant_id)
        other.runner.drain(other.tenant_id)
        assert chain.log()[since:] == other.log()[since:]
        assert chain.log()[-1].event_type == "PaymentAllocated"


def dies(event: Recorded, issued: Any, world: Any) -> None:
    raise Crash


def test_a_crash_after_a_timer_went_off_lets_it_go_off_again(chain: Chain) -> None:
    chain.book("appt_1", 3, "18:00")
    chain.clock.move_to(chain.clock.now().replace(day=3, hour=18, minute=29))
    head, waiting = chain.head(), timers(chain)
    with pytest.raises(Crash), chain.store.handler.batch() as batch:
        assert chain.runner.fire_due(chain.tenant_id, chain.clock.now(), batch) == 2
        raise Crash
    assert (chain.head(), timers(chain)) == (head, waiting)
    with chain.store.handler.batch() as batch:
        assert chain.runner.fire_due(chain.tenant_id, chain.clock.now(), batch) == 2
    assert chain.state("appointment", "appt_1").status == "noshow"


def test_two_servers_share_the_work(tmp_path: Path) -> None:
    """Both drain at once over one ledger: each capture confirms its appointment once, whoever came first."""
    with at_monday(tmp_path) as chain, opened(tmp_path) as (ledger, vault):
        founded_to, second = chain.head(), Chain(ledger, vault)
        second.clock.move_to(chain.clock.now())
        clocks = ("18:00", "18:15", "18:30", "18:45")
        with chain.paused():
            for day, clock in ((day, clock) for day in (3, 4, 5, 6) for clock in clocks):
                id = f"appt_{day}_{clock[3:]}"
                chain.hold(id, day, clock)
                chain.captured(chain.order(40_000, appointment_id=id), f"gw_{id}")
        before = chain.head()
        with ThreadPoolExecutor(2) as threads:
            drained = [threads.submit(each.runner.drain, chain.tenant_id, 3) for each in (chain, second)]
            seen = sum(one.result() for one in drained)
        assert chain.types_since(before) == ["AppointmentBooked"] * 16
        assert founded_to + seen == chain.head()
        assert chain.runner.drain(chain.tenant_id) == second.runner.drain(chain.tenant_id) == 0
