"""Keeps the live projections of a tenant level with its log: read, fold, write with the checkpoint, all or nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial

from event_store.catalogue import AGGREGATES, aggregate_of_stream
from event_store.feed import Feed
from event_store.ledger.append_only import REPLACING
from event_store.recorded import Passed, Recorded
from event_store.subscriptions.parking import shortened
from mymedic.clock import Clock, micros
from mymedic.errors import Refused
from mymedic.garbage import uncollected
from mymedic.messages import Event
from projections.batches import Batch, Batches, Overtaken
from projections.database import ReadDatabase
from projections.database.access import Checkpoint, Parked
from projections.foresight import also_named_by, named_by, streams_of
from projections.looks import Look, Stored
from projections.projection import Fold, Projection
from projections.streams import Streams
from projections.view import View

_LOG = logging.getLogger(__name__)
# Events of one batch: enough to pay for a transaction, few enough to be read within milliseconds.
BATCH = 2_000
# Events of one batch of a tenant that is far behind: an event costs a third less than in small ones.
MOST = 40_000


LeftOut = Callable[[str], frozenset[tuple[str, int]]]


def nothing_left_out(_: str) -> frozenset[tuple[str, int]]:
    return frozenset()


@dataclass(frozen=True, slots=True)
class Step:
    """What one look at the log came to."""

    events: int = 0
    seq: int = 0  # of the slowest projection that was looked at
    parked: int = 0


@dataclass(slots=True)
class _Followed:
    """One generation of one projection, as this process remembers it."""

    projection: Projection
    checkpoint: Checkpoint
    view: View
    parked: dict[str, Parked]
    left_out: frozenset[int]
    attempts: dict[int, int]  # seq -> how often it has failed in the generation before this one
    news: dict[str, Parked] = field(default_factory=dict)

    def park(self, event: Recorded, error: str, now: int) -> None:
        """The event waits, and behind it what the projection would fold of the same stream."""
        self._note(
            Parked(
                projection=self.checkpoint.projection,
                generation=self.checkpoint.generation,
                stream_id=event.stream_id,
                first_seq=event.seq,
                last_seq=event.seq,
                events=1,
                event_id=event.event_id,
                event_type=event.event_type,
                error=shortened(error),
                attempts=self.attempts.get(event.seq, 0) + 1,
                parked_at=now,
            )
        )

    def wait(self, event: Recorded) -> None:
        """The event is of a parked stream."""
        before = self.parked[event.stream_id]
        if event.seq > before.last_seq:
            self._note(before._replace(last_seq=event.seq, events=before.events + 1))

    def _note(self, parked: Parked) -> None:
        self.parked[parked.stream_id] = self.news[parked.stream_id] = parked


class Keeper:
    """The projections of some tenants, in one process. Not for several threads.

    `left_out` gives, for a tenant, the (projection, seq) that somebody has discarded. `only`: (projection, generation)
    of the rebuilds to be followed, instead of what is live. `batch`: so many events at a time, near the end of the log
    and far from it.
    """

    def __init__(
        self,
        feed: Feed,
        database: ReadDatabase,
        clock: Clock,
        projections: Sequence[Projection],
        left_out: LeftOut = nothing_left_out,
        only: frozenset[tuple[str, int]] | None = None,
        batch: int | None = None,
    ) -> None:
        self._feed = feed
        self._database = database
        self._clock = clock
        self._projections = {one.name: one for one in projections}
        self._left_out = left_out
        self._only = only
        self._least, self._most = batch or BATCH, batch or MOST
        self._sizes: dict[str, int] = {}  # of the next batch of a tenant
        self._looks_at = frozenset(name for one in projections for name in one.looks_at)
        self._wanted = frozenset(event.__name__ for one in projections for event in one.folds) | {
            event.__name__ for name in self._looks_at for event in AGGREGATES[name].events
        }
        self._tenants: dict[str, list[_Followed]] = {}
        self._looks: dict[str, Look] = {}
        self._batches = Batches(database)

    def drain(self, tenant_id: str) -> int:
        """Fold everything that the log has; how many events that was."""
        folded = 0
        while step := self.advance(tenant_id):
            if not step.events:
                break
            folded += step.events
        if folded > self._least:
            self._database.analyze()
        return folded

    def advance(self, tenant_id: str, until: int | None = None) -> Step:
        """Fold the next events of those projections that are furthest behind; up to a seq, if one is given.

        A batch that somebody else has folded meanwhile is thrown away and counts as nothing.
        """
        followed = self._followed(tenant_id)
        if not followed:
            return Step()
        low = min(one.checkpoint.seq for one in followed)
        group = [one for one in followed if one.checkpoint.seq == low]
        ends = [one.checkpoint.seq for one in followed if one.checkpoint.seq > low]
        ends += [] if until is None else [until]
        size = self._sizes.get(tenant_id, self._least)
        limit = min([size, *(end - low for end in ends)])
        try:
            with uncollected():
                events = self._feed.read_wanted(tenant_id, low, limit, self._wanted) if limit > 0 else []
                if self._feed.is_whole:
                    events = _in_order(events, low)
                if events:
                    with self._looks[tenant_id].during():
                        self._fold(tenant_id, group, events)
                self._batches.settle(tenant_id)
                if not events:
                    return Step(seq=low)
                batch = _handed_over(group, events)
                is_behind = len(events) == size
                self._batches.write(tenant_id, batch, more_to_come=is_behind)
                self._sizes[tenant_id] = self._most if is_behind else self._least
        except Overtaken:
            self.forget(tenant_id)
            return Step(seq=low, events=len(events))
        except BaseException:
            self.forget(tenant_id)
            raise
        return Step(
            events=len(events),
            seq=events[-1].seq,
            parked=sum(len(one.parked) for one in group),
        )

    def is_level(self, tenant_id: str, seq: int) -> bool:
        """Whether all projections of a tenant have folded its log up to a seq, and it is written."""
        if min((one.checkpoint.seq for one in self._followed(tenant_id)), default=0) < seq:
            return False
        self._batches.settle(tenant_id)
        return True

    def forget(self, tenant_id: str) -> None:
        """Read everything about a tenant anew, also whether its last batch was written."""
        self._tenants.pop(tenant_id, None)
        self._batches.forget(tenant_id)

    # the steps

    def _followed(self, tenant_id: str) -> list[_Followed]:
        followed = self._tenants.get(tenant_id)
        if followed is None:
            followed = self._tenants[tenant_id] = self._load(tenant_id)
        return followed

    def _load(self, tenant_id: str) -> list[_Followed]:
        if self._only is None:
            self._begin_new(tenant_id)
        with self._database.read(tenant_id) as reader:
            checkpoints, parked = reader.checkpoints(), reader.parked()
        left_out = self._left_out(tenant_id)
        followed = []
        streams: dict[int, Streams] = {}
        look = self._looks[tenant_id] = Look(self._database, tenant_id)
        for one in checkpoints:
            projection = self._projections.get(one.projection)
            if projection is None or not self._is_followed(one, projection):
                continue
            at = streams.setdefault(one.seq, Streams(self._feed, tenant_id, one.seq, self._looks_at))
            view = View(Stored(look, one.generation), at, projection)
            own = [waiting for waiting in parked if waiting.projection == one.projection]
            followed.append(
                _Followed(
                    projection,
                    one,
                    view,
                    parked={waiting.stream_id: waiting for waiting in own if waiting.generation == one.generation},
                    left_out=frozenset(seq for name, seq in left_out if name == one.projection),
                    attempts={w.first_seq: w.attempts for w in own if w.generation < one.generation},
                )
            )
        return followed

    def _is_followed(self, checkpoint: Checkpoint, projection: Projection) -> bool:
        if self._only is not None:
            return (checkpoint.projection, checkpoint.generation) in self._only
        if checkpoint.state != "live":
            return False
        if checkpoint.code_version != projection.version:
            _LOG.warning(
                "%s is live in version %d, this program has version %d: run `mymedic replay`",
                *(projection.name, checkpoint.code_version, projection.version),
            )
            return False
        return True

    def _begin_new(self, tenant_id: str) -> None:
        """A projection that was never kept for the tenant begins live, with nothing folded."""
        with self._database.read(tenant_id) as reader:
            there = {one.projection for one in reader.checkpoints()}
        new = [one for one in self._projections.values() if one.name not in there]
        if new:
            head = self._feed.head(tenant_id)
            with self._database.write(tenant_id) as writer:
                for one in new:
                    writer.begin(Checkpoint(one.name, 1, "live", 0, one.version, head))

    def _fold(self, tenant_id: str, group: Sequence[_Followed], read: Sequence[Recorded | Passed]) -> None:
        events = [event for event in read if isinstance(event, Recorded)]
        streams = group[0].view.streams
        now = micros(self._clock.now())
        for one in group:
            one.view.streams = streams  # from here on they are level, and stay so
            one.news.clear()
        _foresee(group, events)
        takers = cache(partial(_takers, group))
        for event in events:
            if event.tenant_id != tenant_id:
                raise Refused("TENANT_MISMATCH", f"the feed of {tenant_id} holds an event of another tenant")
            try:
                streams.take(event)
            except Exception as error:
                _refuse_outage(error)
                aggregate, _ = aggregate_of_stream(event.stream_id)
                for one in group:
                    if (
                        aggregate.name in one.projection.looks_at
                        and event.stream_id not in one.parked
                        and event.seq not in one.left_out
                    ):
                        self._park(one, event, error, now)
            for one, fold in takers(type(event.event)):
                if one.parked and event.stream_id in one.parked:
                    one.wait(event)
                elif event.seq not in one.left_out:
                    one.view.begin(event.seq)
                    try:
                        fold(event, event.event, one.view)
                    except Exception as error:
                        # Whatever a fold stumbles over: its stream waits, and everything else goes on.
                        _refuse_outage(error)
                        one.view.undo()
                        self._park(one, event, error, now)

    def _park(self, one: _Followed, event: Recorded, error: Exception, now: int) -> None:
        _LOG.error(
            "%s parks %s of %s at seq %d",
            *(one.projection.name, event.stream_id, event.tenant_id, event.seq),
            exc_info=error,
        )
        one.park(event, f"{type(error).__name__}: {error}", now)


def _handed_over(group: Sequence[_Followed], events: Sequence[Recorded | Passed]) -> Batch:
    """What the group has changed since the last batch; from here on it stands where the events end."""
    seq = events[-1].seq
    replaced = max((event.seq for event in events if event.event_type in REPLACING), default=0)
    batch = Batch(
        generations=[(one.checkpoint.projection, one.checkpoint.generation) for one in group],
        from_seq=group[0].checkpoint.seq,
        to_seq=seq,
        changes=[(one.checkpoint.generation, one.view.hand_over()) for one in group],
        parked=[parked for one in group for parked in one.news.values()],
        stale=[
            (one.checkpoint.projection, one.checkpoint.generation)
            for one in group
            if replaced > one.checkpoint.begun_at_head
        ],
        views=[one.view for one in group],
    )
    for one in group:
        one.checkpoint = one.checkpoint._replace(seq=seq)
    return batch


def _takers(group: Sequence[_Followed], event_class: type[Event]) -> list[tuple[_Followed, Fold]]:
    """Who folds an event, and how."""
    found = ((one, one.projection.folds.get(event_class)) for one in group)
    return [(one, fold) for one, fold in found if fold is not None]


def _foresee(group: Sequence[_Followed], events: Sequence[Recorded]) -> None:
    """Read what the events name; what a view has not foreseen it reads when it is asked for."""
    streams = group[0].view.streams
    if streams.is_complete:
        return  # then every row is remembered, or nearly so
    named = named_by(events)
    for _ in range(2):  # what is found names more: the slot of an appointment, the invoices of a visit
        for one in group:
            also_named_by(named, one.view.foresee(named))
    try:
        streams.foresee(streams_of(named))
    except Exception as error:
        # One stream that cannot be folded must not hold up the others: it is parked when somebody asks for it.
        _refuse_outage(error)


def _in_order(events: list[Recorded | Passed], after_seq: int) -> list[Recorded | Passed]:
    """The events that come next, each once, up to the first that is missing: that one is asked for again."""
    if events and events[0].seq == after_seq + 1 and events[-1].seq == after_seq + len(events):
        return events
    ordered = []
    for event in sorted(events, key=lambda one: one.seq):
        if event.seq == after_seq + 1:
            ordered.append(event)
            after_seq = event.seq
    return ordered


def _refuse_outage(error: Exception) -> None:
    """Raise what is no fault of the event: the log or the database cannot be read."""
    if isinstance(error, Refused) and error.http_status >= 500:
        raise error
