"""At least once: hands the log on to one consumer with effects, in order, and remembers how far it has come.

A batch is handed over first and noted second. Whoever dies in between hands it over again: the consumer's target must
know an event by its id.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from event_store.feed import Feed
from event_store.ledger.consuming import checkpoints, move_checkpoint, parked
from event_store.ledger.session import Ledger
from event_store.recorded import Recorded, Unreadable
from event_store.subscriptions.backoff import BackOff
from event_store.subscriptions.leases import Lease, Leases, fence
from event_store.subscriptions.parking import LedgerParking, Parked, as_parked, shortened
from mymedic.errors import Refused

_LOG = logging.getLogger(__name__)
BATCH = 200
_TARGET = "target"
Event = Recorded | Unreadable
# seq -> why it will never go through as it is
Failures = Mapping[int, str]


class Unavailable(Exception):
    """The target is away or ill: nothing is wrong with the events, they wait.

    `retry_after`: seconds that it asked for; 0 when it said nothing. `up_to`: the seq up to which all that it was given
    is safe with it, and nothing of that has failed; 0 when nobody knows.
    """

    def __init__(self, message: str, retry_after: float = 0.0, up_to: int = 0) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.up_to = up_to


class Consumer(Protocol):
    """Whoever takes events on. Called by one thread at a time for a tenant."""

    name: str

    def deliver(self, tenant_id: str, events: Sequence[Recorded]) -> Failures:
        """Take events on, in order; return when all are safe with the target, each but those that failed by its own
        fault. After one that failed, none of its stream may be delivered. `Unavailable` when the target is.
        """


Cut = Callable[[Sequence[Event]], int]


class Place(NamedTuple):
    """Where a tenant stands for this consumer, read together."""

    head: int
    checkpoint: int
    parked: dict[str, Parked]

    @property
    def has_work(self) -> bool:
        return self.head > self.checkpoint or any(one.state != "parked" for one in self.parked.values())


class Subscription:
    """One consumer's loop over the tenants whose leases this worker has.

    `cut`: how many of the next events are handed over at once, at least one; behind them its place is noted.
    """

    def __init__(
        self,
        ledger: Ledger,
        feed: Feed,
        consumer: Consumer,
        leases: Leases,
        parking: LedgerParking,
        back_off: BackOff,
        batch: int = BATCH,
        cut: Cut = len,
    ) -> None:
        self._ledger = ledger
        self._feed = feed
        self._consumer = consumer
        self._leases = leases
        self._parking = parking
        self._batch = batch
        self._cut = cut
        self.back_off = back_off

    def round(self) -> bool:
        """One batch for each tenant that has news and is not waiting for its target; whether more may be there."""
        places = self._places()
        held = self._leases.share(self._consumer.name, sorted(places))
        return any([self._tried(lease, places[lease.tenant_id]) for lease in held])

    def work_on(self, lease: Lease) -> bool:
        """The same for the one tenant of a lease that is kept by the caller."""
        return self._tried(lease, self._places()[lease.tenant_id])

    def drain(self) -> None:
        """Everything that there is, for tests; raises what stops it."""
        while self._drain_once():
            pass

    def _drain_once(self) -> bool:
        places = self._places()
        held = self._leases.share(self._consumer.name, sorted(places))
        working = [lease for lease in held if places[lease.tenant_id].has_work]
        for lease in working:
            self._step(lease, places[lease.tenant_id])
        return bool(working)

    def leave(self) -> None:
        """Give the tenants to the other workers."""
        self._leases.leave(self._consumer.name)

    def _tried(self, lease: Lease, place: Place) -> bool:
        """Where a tenant comes to a halt the log says so, the others go on, and it is tried again later."""
        if not (place.has_work and self.back_off.is_due(_TARGET) and self.back_off.is_due(lease.tenant_id)):
            return False
        try:
            self._step(lease, place)
        except Unavailable as error:
            at = self.back_off.failed(_TARGET, error.retry_after)  # the tenants share it
            self._say(lease, f"waits for its target until {at:%H:%M:%S}: {error}")
            return False
        except Refused as refusal:
            self.back_off.failed(lease.tenant_id)
            self._say(lease, f"came to a halt: {refusal}")
            return False
        except Exception:
            # A bug of ours is no fault of the event's: nothing is skipped for it.
            self.back_off.failed(lease.tenant_id)
            _LOG.exception("%s of %s came to a halt; it is tried again", self._consumer.name, lease.tenant_id)
            return False
        self.back_off.succeeded(_TARGET)
        self.back_off.succeeded(lease.tenant_id)
        return True

    def _say(self, lease: Lease, what: str) -> None:
        _LOG.warning("%s of %s %s", self._consumer.name, lease.tenant_id, what)

    def _places(self) -> dict[str, Place]:
        name = self._consumer.name
        with self._ledger.read() as reads:
            heads, done, waiting = reads.heads(), checkpoints(reads), parked(reads)
        of_tenant: dict[str, dict[str, Parked]] = {}
        for row in waiting:
            if row.consumer == name:
                of_tenant.setdefault(row.tenant_id, {})[row.stream_id] = as_parked(row)
        return {id: Place(head, done.get((id, name), 0), of_tenant.get(id, {})) for id, head in heads}

    def _step(self, lease: Lease, place: Place) -> None:
        """One batch: first the parked streams that somebody has decided about, else what is new."""
        for one in place.parked.values():
            if one.state != "parked":
                self._resume(lease, place, one)
                return
        events = self._feed.read_each(lease.tenant_id, place.checkpoint, self._batch)
        events = events[: self._cut(events)]
        try:
            failed = self._delivered(lease, [one for one in events if one.stream_id not in place.parked])
        except Unavailable as error:
            if error.up_to > place.checkpoint:
                self._note(lease, place, error.up_to, {})
            raise
        self._note(lease, place, events[-1].seq, failed)

    def _note(self, lease: Lease, place: Place, seq: int, failed: Mapping[str, tuple[Event, str]]) -> None:
        with self._ledger.write() as session:
            fence(session, lease)
            for event, error in failed.values():
                self._parking.park(session, self._parked(lease, event, error, 1))
            move_checkpoint(session, lease.tenant_id, self._consumer.name, place.checkpoint, seq)

    def _resume(self, lease: Lease, place: Place, one: Parked) -> None:
        """Deliver what waits in a parked stream, without the event that was discarded."""
        first = one.first_seq + (one.state == "discard")
        events = self._feed.stream_part(one.tenant_id, one.stream_id, first, place.checkpoint)
        failed = self._delivered(lease, events)
        with self._ledger.write() as session:
            fence(session, lease)
            if not failed:
                self._parking.resume(session, one)
            for event, error in failed.values():
                attempts = one.attempts + 1 if event.seq == one.first_seq else 1
                again = self._parked(lease, event, error, attempts)
                self._parking.park(session, replace(again, parked_at=one.parked_at) if attempts > 1 else again)

    def _delivered(self, lease: Lease, events: Sequence[Event]) -> dict[str, tuple[Event, str]]:
        """Hand events over; stream -> the first of it that failed, and why."""
        failed: dict[str, tuple[Event, str]] = {}
        readable: list[Recorded] = []
        for event in events:
            if event.stream_id in failed:
                continue
            if isinstance(event, Unreadable):
                failed[event.stream_id] = (event, event.error)
            else:
                readable.append(event)
        if readable:
            errors = self._consumer.deliver(lease.tenant_id, readable)
            failed.update({one.stream_id: (one, errors[one.seq]) for one in readable if one.seq in errors})
        return failed

    def _parked(self, lease: Lease, event: Event, error: str, attempts: int) -> Parked:
        _LOG.error(
            "%s of %s parked %s at seq %d (%s): %s; `mymedic parked list` shows it",
            *(self._consumer.name, lease.tenant_id, event.stream_id, event.seq, event.event_type, error),
        )
        return Parked(
            tenant_id=lease.tenant_id,
            consumer=self._consumer.name,
            stream_id=event.stream_id,
            first_seq=event.seq,
            event_id=event.event_id,
            event_type=event.event_type,
            error=shortened(error),
            attempts=attempts,
            parked_at=self._parking.clock.now(),
            state="parked",
        )
