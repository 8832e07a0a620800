"""Runs the reactions: from the feed for a server, or inside the caller's own batch for tests and simulations."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial

from event_store.batch import Batch
from event_store.handle import Handler
from event_store.ledger.reads import Reads
from event_store.recorded import Recorded
from event_store.subscriptions.parking import LedgerParking
from mymedic.clock import from_micros, micros
from processes.parking import Decided, Failures, Stay, decided, shout
from processes.reacting import ANSWERED, Failed, answer, fire
from processes.world import CONSUMER

# So many events or timers are answered in one transaction. Commands wait for its end: it is kept to some milliseconds.
AT_ONCE = 20
# So far a transaction looks for them in the log.
REACH = 2_000
# While others write what nobody answers, the checkpoint follows at this distance: each step takes the writer's turn.
REST = timedelta(seconds=1)


class Runner:
    """Keeps no memory of its own: the checkpoint, the timers and what is parked lie beside the log.

    Commands carry ids derived from what caused them, so a reaction that runs again after a crash changes nothing.
    `pause` is called between two transactions, so that others who wait for the writer's turn get it.
    """

    def __init__(self, handler: Handler, pause: Callable[[], None] = lambda: None) -> None:
        self._handler = handler
        self._pause = pause
        self._parking = LedgerParking(handler.ledger, handler.clock)

    def react(self, events: Iterable[Recorded], batch: Batch) -> None:
        """React to events of the open batch, and to what the reactions cause, until nothing follows any more.

        What fails is raised: whoever keeps the batch decides what becomes of it.
        """
        waiting = deque(events)
        while waiting:
            answer(waiting.popleft(), batch)
            waiting.extend(batch.take_recorded())

    def fire_due(self, tenant_id: str, now: datetime, batch: Batch) -> int:
        """Fire the timers that are due, earliest first, and react to what they cause at once; how many fired."""
        _take(tenant_id, batch)
        fired = 0
        while due := batch.session.due_timers(tenant_id, CONSUMER, micros(now), limit=1):
            fire(due[0], tenant_id, now, batch)
            self.react(batch.take_recorded(), batch)
            fired += 1
        return fired

    def next_due(self, tenant_id: str, batch: Batch) -> datetime | None:
        """When the tenant's next timer goes off."""
        soonest = batch.session.due_timers(tenant_id, CONSUMER, 2**62, limit=1)
        return from_micros(soonest[0][1]) if soonest else None

    def mark(self, tenant_id: str, batch: Batch) -> None:
        """Everything appended so far has been reacted to: a later `drain` begins after it."""
        _take(tenant_id, batch)
        batch.session.set_checkpoint(tenant_id, CONSUMER, batch.session.end_of(tenant_id).seq)

    def tick(self, tenant_id: str) -> None:
        """What a server does again and again: what was decided on what failed, react to news, fire what is due."""
        now = self._handler.clock.now()
        with self._handler.ledger.read() as reads:  # who has nothing to answer takes no writer's turn
            to_resume = decided(reads, tenant_id)
            if not (to_resume or _has_work(reads, tenant_id, now)):
                return
        for stream in to_resume:
            self._until_it_holds(partial(self._resume, tenant_id, stream))
        self.drain(tenant_id)
        while self._until_it_holds(partial(self._fire_some, tenant_id, now)):
            self._pause()
        self.drain(tenant_id)

    def drain(self, tenant_id: str, limit: int = AT_ONCE) -> int:
        """React to everything in the log since the last time; how many events that was.

        Reactions, what they cause and the checkpoint are one transaction: each event is reacted to exactly once.
        `limit`: so many events are answered in one.
        """
        seen = 0
        while taken := self._until_it_holds(partial(self._drain_some, tenant_id, limit)):
            seen += taken
            self._pause()
        return seen

    def _until_it_holds(self, act: Callable[[Failures], int]) -> int:
        """Do something in one transaction. A failure undoes it, and it is done again with the failed part parked."""
        failures: Failures = {}
        while True:
            try:
                return act(failures)
            except Failed as failure:
                failures[failure.process, failure.what] = failure
                shout(failure)

    def _drain_some(self, tenant_id: str, limit: int, failures: Failures) -> int:
        with self._handler.batch() as batch:
            _take(tenant_id, batch)
            after = batch.session.checkpoint(tenant_id, CONSUMER)
            until = min(after + REACH, batch.session.end_of(tenant_id).seq)
            events = batch.events_among(tenant_id, after, until, ANSWERED, limit)
            if len(events) == limit:
                until = events[-1].seq
            stay = Stay(self._parking, tenant_id, batch, failures)
            for event in events:
                stay.answer(event)
            if until > after:
                batch.session.set_checkpoint(tenant_id, CONSUMER, until)
        return until - after

    def _fire_some(self, tenant_id: str, now: datetime, failures: Failures) -> int:
        with self._handler.batch() as batch:
            _take(tenant_id, batch)
            due = batch.session.due_timers(tenant_id, CONSUMER, micros(now), AT_ONCE)
            stay = Stay(self._parking, tenant_id, batch, failures)
            for timer in due:
                stay.fire(timer, now)
        return len(due)

    def _resume(self, tenant_id: str, stream: Decided, failures: Failures) -> int:
        with self._handler.batch() as batch:
            _take(tenant_id, batch)
            until = batch.session.checkpoint(tenant_id, CONSUMER)
            return Stay(self._parking, tenant_id, batch, failures).resume(stream, until)


def _has_work(reads: Reads, tenant_id: str, now: datetime) -> bool:
    if reads.due_timers(tenant_id, CONSUMER, micros(now), limit=1):
        return True
    head = reads.head(tenant_id)
    after = reads.checkpoint(tenant_id, CONSUMER)
    if head is None or head.seq == after:
        return False
    is_far = head.seq - after >= REACH or now - from_micros(head.recorded_at) >= REST
    return is_far or reads.has_event_among(tenant_id, after, ANSWERED)


def _take(tenant_id: str, batch: Batch) -> None:
    """Lock the tenant before reading checkpoint or timers: two servers must not both react to one event."""
    batch.state(tenant_id, "tenant", tenant_id)
