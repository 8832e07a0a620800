"""Every stream of a tenant as it stood at one seq: what a projection may look at while it folds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from event_store.catalogue import AGGREGATES, aggregate_of_stream
from event_store.feed import Feed
from event_store.recorded import Recorded
from event_store.states import stream_of

# So many states are remembered as recent, and as many as older; what nobody has asked for since is forgotten.
CAPACITY = 100_000


class Streams:
    """Folded states of some aggregates, level with `seq`. One that is not remembered is folded from the log."""

    def __init__(self, feed: Feed, tenant_id: str, seq: int, aggregates: Iterable[str]) -> None:
        self.tenant_id = tenant_id
        self.seq = seq
        self._aggregates = {AGGREGATES[name].stream: AGGREGATES[name] for name in aggregates}
        self._feed = feed
        self._recent: dict[str, Any] = {}
        self._older: dict[str, Any] = {}
        self._is_complete = seq == 0  # then a stream that is not remembered has no events yet

    def take(self, event: Recorded) -> None:
        """Fold the next event of the log; its stream is loaded only if somebody has looked at it."""
        self.seq = event.seq
        stream_id = event.stream_id
        stream, _, id = stream_id.partition("-")
        aggregate = self._aggregates.get(stream)
        if aggregate is None:
            return
        state = self._recent.get(stream_id) or self._older.get(stream_id)
        if state is None and (self._is_complete or event.stream_version == 1):
            state = aggregate.fresh(id)
            self._remember(stream_id, state)
        if state is not None:
            aggregate.evolve(state, event.event)

    def state(self, aggregate: str, id: str) -> Any:
        """The state of a stream; `exists` is False when it has no events up to `seq`. Not to be changed."""
        stream_id = stream_of(aggregate, id)
        found = self._recent.get(stream_id)
        if found is None:
            found = self._older.pop(stream_id, None) or self._folded(stream_id, id)
            self._remember(stream_id, found)
        return found

    def foresee(self, stream_ids: Iterable[str]) -> None:
        """Load at once, level with `seq`, what will be asked for one by one."""
        if self._is_complete:
            return
        missing = [
            one
            for one in stream_ids
            if one.partition("-")[0] in self._aggregates and one not in self._recent and one not in self._older
        ]
        if missing:
            for stream_id, state in self._feed.states_at(self.tenant_id, missing, self.seq).items():
                self._remember(stream_id, state)

    @property
    def is_complete(self) -> bool:
        """Whether every stream that has events is remembered."""
        return self._is_complete

    def _folded(self, stream_id: str, id: str) -> Any:
        if self._is_complete:
            return aggregate_of_stream(stream_id)[0].fresh(id)
        return self._feed.state_at(self.tenant_id, stream_id, self.seq)

    def _remember(self, stream_id: str, state: Any) -> None:
        if len(self._recent) >= CAPACITY:
            self._is_complete = self._is_complete and not self._older
            self._recent, self._older = {}, self._recent
        self._recent[stream_id] = state
