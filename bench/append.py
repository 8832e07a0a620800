"""The command round trip: from a JSON body to a durable answer, by 1 client and by many at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import msgspec

from bench.desk import DESK, KINDS, TENANT, Request, found, requests
from bench.measure import Reading, reading_of
from bench.place import Engine, Place, Template, opened
from event_store.committer import GroupCommitter
from event_store.store import Store
from mymedic.clock import SystemClock
from mymedic.messages import Envelope


class RoundTrip:
    """One kind of command on one engine; each reading starts from the same clinic."""

    def __init__(self, place: Place, engine: Engine, kind: str) -> None:
        self._place, self._engine, self.kind = place, engine, kind
        self.template = Template(place, engine, kind)
        self.decode = msgspec.json.Decoder(KINDS[kind]).decode
        with opened(self.template.url, self.template.folder) as store:
            found(store, kind)

    def read(self, clients: int, seconds: float) -> Reading:
        """`clients` coroutines, each sending its next command when the one before is durable."""
        with self._place.store(self._engine, self.template) as store:
            return asyncio.run(self._run(store, clients, seconds))

    async def _run(self, store: Store, clients: int, seconds: float) -> Reading:
        committer = GroupCommitter(store.handler)
        waiting = requests(store, self.kind)
        try:
            await self._client(committer, waiting, time.perf_counter() + 0.1)  # caches and statements are warm
            cpu, began = time.process_time(), time.perf_counter()
            until = began + seconds
            spent = await asyncio.gather(*[self._client(committer, waiting, until) for _ in range(clients)])
            return reading_of(
                [latency for each in spent for latency in each], time.perf_counter() - began, time.process_time() - cpu
            )
        finally:
            committer.stop()

    async def _client(self, committer: GroupCommitter, waiting: Iterator[Request], until: float) -> list[float]:
        clock = SystemClock()
        latencies: list[float] = []
        while (began := time.perf_counter()) < until and (request := next(waiting, None)) is not None:
            envelope = Envelope(
                command=self.decode(request.body),
                command_id=request.command_id,
                tenant_id=TENANT,
                actor=DESK,
                issued_at=clock.now(),
            )
            ack = await committer.handle(envelope)
            assert ack.status == "accepted", ack.error
            latencies.append(time.perf_counter() - began)
        return latencies
