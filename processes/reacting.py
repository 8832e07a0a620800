"""One event, or one timer, is handed to the processes that answer it; where one cannot, that is told as `Failed`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

import msgspec

from event_store.batch import Batch
from event_store.recorded import Recorded
from mymedic.errors import Refused
from processes.catalogue import REACTIONS, TIMERS, Reaction
from processes.world import CONSUMER, Timer, World

Due = tuple[str, int, str]
_TIMER = msgspec.json.Decoder(Timer)
# By the name in the log, so that what nobody answers need not be decoded.
ANSWERED: dict[str, tuple[tuple[str, Reaction], ...]] = {
    event.__name__: reactions for event, reactions in REACTIONS.items()
}


class Failed(Exception):
    """A process could not answer: `what` is an event's id, or a timer's. The transaction that it was in is undone."""

    def __init__(self, process: str, what: str, error: Exception) -> None:
        super().__init__(f"{type(error).__name__}: {error}")
        self.process = process
        self.what = what


def answer(event: Recorded, batch: Batch, among: Iterable[str] | None = None) -> None:
    """React to an event; only these processes, when some are named."""
    for process, reaction in ANSWERED.get(event.event_type, ()):
        if among is None or process in among:
            with _answering(process, event.event_id, batch):
                reaction(event, event.event, World.of(batch, process, event, batch.clock.now()))


def fire(due: Due, tenant_id: str, now: datetime, batch: Batch) -> None:
    """Take a timer away and do what it is for."""
    timer_id, due_at, body = due
    batch.session.clear_timer(tenant_id, CONSUMER, timer_id)
    timer = _TIMER.decode(body)
    ringing = TIMERS[timer.kind]
    with _answering(ringing.process, timer_id, batch):
        ringing.fire(timer, World(batch, ringing.process, tenant_id, f"{timer_id}@{due_at}", now))


@contextmanager
def _answering(process: str, what: str, batch: Batch) -> Iterator[None]:
    """Whatever a bug of ours raises is that process's failure at that event. A store that is gone is nobody's."""
    try:
        yield
    except batch.outages:
        raise
    except Exception as error:
        if isinstance(error, Refused) and (error.retryable or error.http_status == 500):
            raise
        raise Failed(process, what, error) from error
