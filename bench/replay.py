"""Replay: stored rows to typed events, through the feed's own doors."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import msgspec

from bench.desk import DESK, KINDS, TENANT, found, requests
from bench.measure import Reading
from bench.place import Engine, Place, Template, opened
from event_store.feed import Feed
from mymedic.messages import Envelope

PAGE = 2_000
# The command whose event is most like the peer's: 17 fields of which 4 are ids, an instant and an amount.
KIND = "payment"


class Replay:
    """A log of one tenant, read from seq 0 to its end."""

    def __init__(self, place: Place, engine: Engine, events: int) -> None:
        self.template = Template(place, engine, "replay")
        decode = msgspec.json.Decoder(KINDS[KIND]).decode
        with opened(self.template.url, self.template.folder) as store:
            found(store, KIND)
            waiting, now = requests(store, KIND), store.handler.clock.now()
            while store.feed.head(TENANT) < events:
                with store.handler.batch() as batch:
                    for request in islice(waiting, PAGE):
                        batch.handle(
                            Envelope(
                                command=decode(request.body),
                                command_id=request.command_id,
                                tenant_id=TENANT,
                                actor=DESK,
                                issued_at=now,
                            )
                        )
                    batch.take_recorded()

    def read(self) -> Reading:
        """Typed events with their place in the log, as folding takes them."""
        return self._timed(lambda feed: feed.replay(TENANT))

    def read_whole(self) -> Reading:
        """Typed events with the whole of their envelopes, as reactions take them, page by page."""
        return self._timed(_pages)

    def _timed(self, events: Callable[[Feed], Iterator[Any]]) -> Reading:
        with opened(self.template.url, self.template.folder) as store:
            head = store.feed.head(TENANT)
            cpu, began = time.process_time(), time.perf_counter()
            (last,) = deque(events(store.feed), maxlen=1)
            wall, spent = time.perf_counter() - began, time.process_time() - cpu
            assert last.seq == head
            return Reading(per_s=head / wall, cpu_us=spent / head * 1e6)


def _pages(feed: Feed) -> Iterator[Any]:
    after = 0
    while page := feed.read(TENANT, after, PAGE):
        yield from page
        after = page[-1].seq
