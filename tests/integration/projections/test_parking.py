"""A poison event waits with its stream, everything else goes on; what was decided about it is done and kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from event_store.aggregates.payment.events import PaymentCaptured
from event_store.feed import Feed
from event_store.ledger import open_ledger
from event_store.recorded import Recorded
from event_store.subscriptions.leases import Leases
from event_store.subscriptions.parking import ParkingLog
from mymedic.clock import ManualClock
from mymedic.messages import Actor
from projections import patient_timeline, payments_summary
from projections.keeper import Keeper
from projections.parking import LiveParking
from projections.payments_summary import PaymentsSummary
from projections.streams import Streams
from projections.view import View
from projections.worker import Live, LiveWorker
from tests.integration.projections.live import NOW, settle, smallest
from tests.integration.projections.test_conformance import Hashes, Open, hashes_of

ENGINEER = Actor(type="user", id="stf_engineer", roles=("EN",))
TABLE = PaymentsSummary.table


class Poisoned:
    """The payments summary, which stumbles over one event as long as it is ill."""

    def __init__(self, seq: int) -> None:
        self.seq = seq
        self.is_ill = True
        original = payments_summary.PROJECTION
        self.projection = replace(original, folds=dict.fromkeys(original.folds, self._fold))

    def _fold(self, event: Recorded, happened: Any, view: View) -> None:
        payments_summary.PROJECTION.folds[type(happened)](event, happened, view)
        if self.is_ill and event.seq == self.seq:
            raise ValueError("this event is poison")


@contextmanager
def live_with(poison: Poisoned, log: Feed, open_again: Open, tmp_path: Any) -> Iterator[tuple[Live, LiveWorker]]:
    """A worker over the log whose leases and parking log lie in a ledger of their own."""
    clock = ManualClock(NOW)
    ledger = open_ledger(f"sqlite:///{tmp_path / 'beside.sqlite'}")
    parking = LiveParking(database := open_again(), ParkingLog(ledger, clock), log.tenants)
    live = Live(log, database, clock, parking, (poison.projection,))
    yield live, LiveWorker(live, Leases(ledger, "worker", clock, ttl_seconds=3600), lambda: 0.0)
    ledger.close()


def go_on(live: Live, worker: LiveWorker) -> None:
    assert isinstance(live.clock, ManualClock)
    while worker.round():
        live.clock.move_to(live.clock.at.replace(minute=live.clock.at.minute + 1))
    live.clock.at = live.clock.at.replace(hour=live.clock.at.hour + 1, minute=0)
    while worker.round():
        pass
    settle(worker)
    worker.round()


@pytest.fixture
def poison(log: Feed) -> Poisoned:
    """A capture that more of its payment follows."""
    tenant_id = smallest(log)
    events = log.read(tenant_id, 0, 100_000)
    captures = [one for one in events if isinstance(one.event, PaymentCaptured)]
    return next(
        Poisoned(one.seq) for one in captures if any(e.stream_id == one.stream_id and e.seq > one.seq for e in events)
    )


def test_its_stream_waits_and_a_retry_after_the_repair_ends_as_if_nothing_had_been(
    poison: Poisoned, log: Feed, new_read_database: Open, hashes: Hashes, tmp_path: Any
) -> None:
    tenant_id = smallest(log)
    with live_with(poison, log, new_read_database, tmp_path) as (live, worker):
        go_on(live, worker)
        (parked,) = live.parking.of(tenant_id)
        assert (parked.first_seq, parked.event_type) == (poison.seq, "PaymentCaptured")
        assert "poison" in parked.error
        with live.database.read(tenant_id) as reader:
            ((waits,),) = reader.rows("SELECT events FROM projection_parked WHERE tenant_id = ?", (tenant_id,))
            assert waits > 1
        assert [one.parked for one in live.standings() if one.tenant_id == tenant_id] == [1]

        live.parking.decide(parked, "retry", ENGINEER, "try once more")
        go_on(live, worker)
        (again,) = live.parking.of(tenant_id)
        assert (again.attempts, again.state) == (2, "parked")

        poison.is_ill = False
        live.parking.decide(again, "retry", ENGINEER, "the fold was repaired")
        go_on(live, worker)
        assert live.parking.of(tenant_id) == []
        assert hashes_of(live.database, tenant_id, live.projections)[TABLE] == hashes[tenant_id][TABLE]
        steps = [(one.step, one.actor_id) for one in live.parking.log.of(tenant_id)]
        assert steps == [("retry", ENGINEER.id), ("retry", ENGINEER.id), ("resumed", "system:worker")]


def test_a_discarded_event_is_left_out_of_every_later_rebuild_too(
    poison: Poisoned, log: Feed, new_read_database: Open, tmp_path: Any
) -> None:
    tenant_id = smallest(log)
    with live_with(poison, log, new_read_database, tmp_path) as (live, worker):
        go_on(live, worker)
        (parked,) = live.parking.of(tenant_id)
        live.parking.decide(parked, "discard", ENGINEER, "a test payment")
        go_on(live, worker)
        assert live.parking.of(tenant_id) == []
        before = hashes_of(live.database, tenant_id, live.projections)
        live.rebuild(tenant_id)
        assert hashes_of(live.database, tenant_id, live.projections) == before


def test_a_stream_that_cannot_be_folded_is_parked_for_those_who_look_at_it(
    new_read_database: Open, log: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant_id = smallest(log)
    (first, later), *_ = [
        found
        for one in log.read(tenant_id, 0, 100_000)
        if isinstance(one.event, PaymentCaptured) and len(found := log.stream(tenant_id, one.stream_id)[-2:]) == 2
    ]
    take = Streams.take

    def stumble(streams: Streams, event: Recorded) -> None:
        take(streams, event)
        if event.seq == first.seq:
            raise ValueError("this stream cannot be folded")

    monkeypatch.setattr(Streams, "take", stumble)
    database = new_read_database()
    both = (payments_summary.PROJECTION, patient_timeline.PROJECTION)
    Keeper(log, database, ManualClock(NOW), both).drain(tenant_id)
    with database.read(tenant_id) as reader:
        (parked,) = reader.parked()
        shown = reader.equal(patient_timeline.PatientTimeline, 1, "event_id", first.event_id)
    assert (parked.projection, parked.events) == ("payments_summary", 2)
    assert (parked.first_seq, parked.last_seq) == (first.seq, later.seq)
    assert [row.seq for row in shown] == [first.seq]
