"""Every stream of a tenant as it stood at one seq: what a projection may look at while it folds."""

from __future__ import annotations

from typing import Any

from event_store.catalogue import aggregate_of_stream
from event_store.feed import Feed
from event_store.recorded import Recorded
from event_store.states import stream_of

CAPACITY = 200_000


class Streams:
    """Folded states, level with `seq`. A stream that is not remembered is folded from the log, up to `seq`."""

    def __init__(self, feed: Feed, tenant_id: str, seq: int, capacity: int = CAPACITY) -> None:
        self.tenant_id = tenant_id
        self.seq = seq
        self._feed = feed
        self._capacity = capacity
        self._states: dict[str, Any] = {}
        self._is_complete = seq == 0  # then a stream that is not remembered has no events yet

    def take(self, event: Recorded) -> None:
        """Fold the next event of the log; its stream is loaded only if somebody has looked at it."""
        state = self._states.get(event.stream_id)
        aggregate, id = aggregate_of_stream(event.stream_id)
        if state is None and self._is_complete:
            state = self._remember(event.stream_id, aggregate.fresh(id))
        if state is not None:
            aggregate.evolve(state, event.event)
        self.seq = event.seq

    def state(self, aggregate: str, id: str) -> Any:
        """The state of a stream; `exists` is False when it has no events up to `seq`. Not to be changed."""
        stream_id = stream_of(aggregate, id)
        found = self._states.get(stream_id)
        if found is None:
            if self._is_complete:
                found = aggregate_of_stream(stream_id)[0].fresh(id)
            else:
                found = self._feed.state_at(self.tenant_id, stream_id, self.seq)
            self._remember(stream_id, found)
        return found

    def _remember(self, stream_id: str, state: Any) -> Any:
        if len(self._states) >= self._capacity:
            self._states.clear()
            self._is_complete = False
            state = self._feed.state_at(self.tenant_id, stream_id, self.seq)
        self._states[stream_id] = state
        return state
