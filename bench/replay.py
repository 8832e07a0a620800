"""Replay: stored rows to typed events, through the feed's own door."""

from __future__ import annotations

import time

import msgspec

from bench.desk import DESK, KINDS, TENANT, found, requests
from bench.measure import Reading
from bench.place import Engine, Place, Template, opened
from mymedic.clock import SystemClock
from mymedic.messages import Envelope

PAGE = 5_000


class Replay:
    """A log of one tenant, read from seq 0 to its end in pages."""

    def __init__(self, place: Place, engine: Engine, events: int) -> None:
        self._place, self._engine = place, engine
        self._template = Template(place, engine, "replay")
        with opened(self._template.url, self._template.folder) as store:
            found(store, "movement")
            clock = SystemClock()
            decoder = msgspec.json.Decoder(KINDS["movement"])
            waiting = requests(store, "movement")
            while store.feed.head(TENANT) < events:
                with store.handler.batch() as batch:
                    for _ in range(PAGE):
                        request = next(waiting)
                        batch.handle(
                            Envelope(
                                command=decoder.decode(request.body),
                                command_id=request.command_id,
                                tenant_id=TENANT,
                                actor=DESK,
                                issued_at=clock.now(),
                            )
                        )

    def read(self) -> Reading:
        """Events per second."""
        with self._place.store(self._engine, self._template) as store:
            cpu, began = time.process_time(), time.perf_counter()
            after = 0
            while page := store.feed.read(TENANT, after, PAGE):
                after = page[-1].seq
            wall = time.perf_counter() - began
            return Reading(per_s=after / wall, cpu_us=(time.process_time() - cpu) / after * 1e6)
