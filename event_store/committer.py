"""Many waiting commands, one durable transaction: how a server answers them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextvars import Context, copy_context
from queue import SimpleQueue

from event_store.handle import Handler
from mymedic.errors import Refused
from mymedic.messages import Ack, Command, Envelope

# A bigger group adds latency without saving anything: at 512 the fsync is already under 1 µs per command.
GROUP_LIMIT = 512
# A kind of command that takes longer than this on the event loop's own thread is kept off it for a while. Once is
# nothing: a disk that pauses now and then holds up any command. A hundred quick ones make up for a slow one.
SLOW_SECONDS, MOST_SLOW, KEPT_OFF_SECONDS = 0.005, 3, 60.0
QUICK_AGAIN = 0.01

# Told how many commands begin to be decided together, in the context of the first; what it returns is called once they
# are durable.
Watcher = Callable[[int], Callable[[], None]]
_Waiting = tuple[Envelope, "asyncio.Future[Ack]"]


class GroupCommitter:
    """One writer thread per process. Coroutines of one event loop hand in commands; those that wait together commit
    together.
    """

    def __init__(self, handler: Handler, watcher: Watcher = lambda count: lambda: None) -> None:
        self._handler = handler
        self._watcher = watcher
        self._gathered: list[_Waiting] = []
        self._handed_over = 0
        self._kept_off: dict[type[Command], float] = {}
        self._slow: dict[type[Command], float] = {}
        self._queue: SimpleQueue[tuple[list[_Waiting], Context] | None] = SimpleQueue()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether there is a writer that would answer."""
        return not self._stopped and self._thread.is_alive()

    async def handle(self, envelope: Envelope) -> Ack:
        """The answer, once it is durable."""
        if self._stopped:
            raise Refused("STORE_UNAVAILABLE", "the server is stopping")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Ack] = loop.create_future()
        if not self._gathered:
            # When all who are awake have asked: woken by the first, the writer would commit that one alone.
            loop.call_soon(self._hand_over)
        self._gathered.append((envelope, future))
        return await future

    def _hand_over(self) -> None:
        gathered, self._gathered = self._gathered, []
        is_idle = self._handed_over == 0
        if not gathered or (len(gathered) == 1 and is_idle and self._answer_here(*gathered[0])):
            return
        self._handed_over += len(gathered)
        self._queue.put((gathered, copy_context()))

    def _answer_here(self, envelope: Envelope, future: asyncio.Future[Ack]) -> bool:
        """Answer a lone command on this thread, if nothing is in its way.

        Two switches of threads cost as much as a durable write; and who comes meanwhile makes up the next group.
        """
        command, began = type(envelope.command), time.monotonic()
        if began < self._kept_off.get(command, 0.0):
            return False
        done = self._watcher(1)
        outcome: Ack | Exception | None
        try:
            outcome = self._handler.submit_at_once(envelope)
        except Exception as error:
            outcome = error
        if outcome is None:
            return False
        done()
        self._weigh(command, began)
        _resolve([future], [outcome])
        return True

    def _weigh(self, command: type[Command], began: float) -> None:
        """Keep a kind of command off the event loop's thread when it is slow more often than a disk's pauses are."""
        now = time.monotonic()
        slow = self._slow.pop(command, 0.0) + (1 if now - began > SLOW_SECONDS else -QUICK_AGAIN)
        if slow >= MOST_SLOW:
            self._kept_off[command] = now + KEPT_OFF_SECONDS
        elif slow > 0:
            self._slow[command] = slow

    def stop(self) -> None:
        """Answer what waits, then stop."""
        self._stopped = True
        self._hand_over()
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (handed_over := self._queue.get()) is not None:
            gathered, context = handed_over
            while len(gathered) < GROUP_LIMIT and not self._queue.empty():
                more = self._queue.get()
                if more is None:
                    self._queue.put(None)
                    break
                gathered += more[0]
            for start in range(0, len(gathered), GROUP_LIMIT):
                self._answer(gathered[start : start + GROUP_LIMIT], context)

    def _answer(self, group: list[_Waiting], context: Context) -> None:
        envelopes = [envelope for envelope, _ in group]
        done = context.run(self._watcher, len(group))
        outcomes: list[Ack | Exception]
        try:
            outcomes = [*self._handler.submit_many(envelopes)]
        except Exception as error:
            # A bug of ours, met by one command, undid them all: the others are answered one by one. The writer goes
            # on whatever happens, or everybody after this would wait for ever.
            outcomes = [error] if len(group) == 1 else [self._alone(envelope) for envelope in envelopes]
        done()
        futures = [future for _, future in group]
        futures[0].get_loop().call_soon_threadsafe(self._hand_back, futures, outcomes)

    def _hand_back(self, futures: list[asyncio.Future[Ack]], outcomes: list[Ack | Exception]) -> None:
        self._handed_over -= len(futures)
        _resolve(futures, outcomes)

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
