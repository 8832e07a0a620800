"""Many waiting commands, one durable transaction: how a server answers them."""

from __future__ import annotations

import asyncio
import threading
from collections import deque

from event_store.handle import Handler
from mymedic.errors import Refused
from mymedic.messages import Ack, Envelope

# A bigger group adds latency without saving anything: at 512 the fsync is already under 1 µs per command.
GROUP_LIMIT = 512

_Waiting = tuple[Envelope, "asyncio.Future[Ack]"]


class GroupCommitter:
    """One writer thread per process. Coroutines hand in commands; those that wait together commit together."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._waiting: deque[_Waiting] = deque()
        self._wake = threading.Semaphore(0)
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
        self._thread.start()

    async def handle(self, envelope: Envelope) -> Ack:
        """The answer, once it is durable."""
        if self._stopped:
            raise Refused("STORE_UNAVAILABLE", "the server is stopping")
        future: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        self._waiting.append((envelope, future))
        self._wake.release()
        return await future

    def stop(self) -> None:
        """Answer what waits, then stop."""
        self._stopped = True
        self._wake.release()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._wake.acquire()
            group: list[_Waiting] = []
            while self._waiting and len(group) < GROUP_LIMIT:
                group.append(self._waiting.popleft())
            for _ in range(len(group) - 1):  # one permit per command: take those of the rest of the group
                self._wake.acquire(blocking=False)
            if group:
                self._answer(group)
            elif self._stopped:
                return

    def _answer(self, group: list[_Waiting]) -> None:
        futures = [future for _, future in group]
        loop = futures[0].get_loop()
        try:
            acks = self._handler.submit_many([envelope for envelope, _ in group])
        except BaseException as error:
            loop.call_soon_threadsafe(_fail, futures, error)
            raise
        loop.call_soon_threadsafe(_resolve, futures, acks)


def _resolve(futures: list[asyncio.Future[Ack]], acks: list[Ack]) -> None:
    for future, ack in zip(futures, acks, strict=True):
        if not future.cancelled():
            future.set_result(ack)


def _fail(futures: list[asyncio.Future[Ack]], error: BaseException) -> None:
    for future in futures:
        if not future.cancelled():
            future.set_exception(error)
