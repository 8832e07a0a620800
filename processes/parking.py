"""What a process failed at is parked with the rest of its stream, for that process alone; all else goes on.

A person decides (`mymedic parked retry`, `discard`), and the next round does it: the process answers the stream's
events from the failed one on, or from the one behind it, up to where it has come meanwhile.
"""

from __future__ import annotations

import logging
from datetime import datetime

import msgspec

from event_store.batch import Batch
from event_store.ledger.consuming import parked
from event_store.ledger.reads import Reads
from event_store.recorded import Recorded, Unreadable
from event_store.subscriptions.parking import LedgerParking, Parked, as_parked, shortened
from mymedic.clock import micros
from processes.reacting import ANSWERED, Due, Failed, answer, fire
from processes.world import CONSUMER, Timer

Decided = tuple[str, str]  # process, stream
# (process, id of the event or timer) -> how it failed.
Failures = dict[tuple[str, str], Failed]
_PREFIX, _TIMER = f"{CONSUMER}.", "timer-"
_LOG = logging.getLogger(__name__)


def process_of(one: Parked) -> str:
    """For which process a stream is parked."""
    return one.consumer.removeprefix(_PREFIX)


def decided(reads: Reads, tenant_id: str) -> list[Decided]:
    """What a person has decided on and nobody has done yet."""
    return [(process_of(one), one.stream_id) for one in parked_of(reads, tenant_id) if one.state != "parked"]


def shout(failure: Failed) -> None:
    """Whoever runs the server hears of it, with the place in the code."""
    where = f"process {failure.process} failed at {failure.what}"
    _LOG.error("%s: %s; `mymedic parked list` shows it", where, failure, exc_info=failure.__cause__)


class Stay:
    """The parked streams of one tenant while a batch is open; `failures` are those of earlier attempts at the batch."""

    def __init__(self, parking: LedgerParking, tenant_id: str, batch: Batch, failures: Failures) -> None:
        self._parking = parking
        self._tenant_id = tenant_id
        self._batch = batch
        self._failures = failures
        self._before: Parked | None = None
        self._parked = {(one.consumer, one.stream_id): one for one in parked_of(batch.session, tenant_id)}

    def answer(self, event: Recorded | Unreadable, among: frozenset[str] | None = None) -> None:
        """React with every process for which the stream is not parked; park where it failed before."""
        for process, _ in ANSWERED.get(event.event_type, ()):
            if (among is not None and process not in among) or (_PREFIX + process, event.stream_id) in self._parked:
                continue
            failure = self._failures.get((process, event.event_id))
            if isinstance(event, Unreadable):
                self._park(process, event.stream_id, event.seq, event.event_id, event.event_type, event.error)
            elif failure is not None:
                self._park(process, event.stream_id, event.seq, event.event_id, event.event_type, shortened(failure))
            else:
                answer(event, self._batch, (process,))

    def fire(self, due: Due, now: datetime) -> None:
        timer_id, due_at, _ = due
        for (process, what), failure in self._failures.items():
            if what == timer_id:
                self._batch.session.clear_timer(self._tenant_id, CONSUMER, timer_id)
                kind = timer_id.partition(":")[0]
                self._park(process, _TIMER + timer_id, due_at, timer_id, kind, shortened(failure))
                return
        fire(due, self._tenant_id, now, self._batch)

    def resume(self, decided: Decided, until_seq: int) -> int:
        """Do what was decided, if it still is to be done; the stream is free, or parked anew where it failed again."""
        process, stream_id = decided
        one = self._parked.pop((_PREFIX + process, stream_id), None)
        if one is None or one.state == "parked":
            return 0
        first = one.first_seq if one.state == "retry" else one.first_seq + 1
        self._parking.resume(self._batch.session, one)
        if stream_id.startswith(_TIMER):
            self._set_again(one)
            return 1
        self._before = one
        events = self._batch.stream_part(self._tenant_id, stream_id, first, until_seq)
        for event in events:
            self.answer(event, frozenset((process,)))
        return len(events)

    def _set_again(self, one: Parked) -> None:
        """The timer goes off in this very round; one that was set anew meanwhile goes off in its own time."""
        session, tenant_id = self._batch.session, self._tenant_id
        is_set = any(
            timer_id == one.event_id for timer_id, _, _ in session.due_timers(tenant_id, CONSUMER, 2**62, 10**9)
        )
        if one.state == "retry" and not is_set:
            kind, _, id = one.event_id.partition(":")
            body = msgspec.json.encode(Timer(kind, id)).decode()
            session.set_timer(tenant_id, CONSUMER, one.event_id, micros(self._batch.clock.now()), body)

    def _park(self, process: str, stream_id: str, seq: int, event_id: str, event_type: str, error: str) -> None:
        before = self._before if self._before is not None and self._before.event_id == event_id else None
        one = Parked(
            tenant_id=self._tenant_id,
            consumer=_PREFIX + process,
            stream_id=stream_id,
            first_seq=seq,
            event_id=event_id,
            event_type=event_type,
            error=error,
            attempts=before.attempts + 1 if before else 1,
            parked_at=before.parked_at if before else self._batch.clock.now(),
            state="parked",
        )
        self._parked[one.consumer, stream_id] = one
        self._parking.park(self._batch.session, one)


def parked_of(reads: Reads, tenant_id: str) -> list[Parked]:
    """What is parked for any process, oldest first."""
    return [as_parked(row) for row in parked(reads, tenant_id) if row.consumer.startswith(_PREFIX)]
