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
        envelopes = [envelope for envelope, _ in group]
        outcomes: list[Ack | Exception]
        try:
            outcomes = [*self._handler.submit_many(envelopes)]
        except Exception as error:
            # A bug of ours, met by one command, undid them all: the others are answered one by one. The writer goes
            # on whatever happens, or everybody after this would wait for ever.
            outcomes = [error] if len(group) == 1 else [self._alone(envelope) for envelope in envelopes]
        futures = [future for _, future in group]
        futures[0].get_loop().call_soon_threadsafe(_resolve, futures, outcomes)

    def _alone(self, envelope: Envelope) -> Ack | Exception:
        try:
            return self._handler.submit(envelope)
        except Exception as error:
            return error


def _resolve(futures: list[asyncio.Future[Ack]], outcomes: list[Ack | Exception]) -> None:
    for future, outcome in zip(futures, outcomes, strict=True):
        if future.cancelled():
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
