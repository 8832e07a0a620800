"""C120: an approved erasure is carried out when its notice is over; what still forbids it then is asked again later."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from event_store.aggregates.data_subject.commands import ExecuteDestruction
from event_store.aggregates.data_subject.events import ErasureApproved
from event_store.recorded import Recorded
from mymedic.clock import business_date
from processes.world import Timer, World

ERASE = "execute_erasure"
# A hold ends when a court says so: nobody knows the day.
AGAIN = timedelta(days=1)


def on_approved(event: Recorded, approved: ErasureApproved, world: World) -> None:
    subject = world.state("data_subject", event.stream_id.removeprefix("subject-"))
    world.remind(subject.requests[approved.request_id].earliest_execution_at, ERASE, approved.request_id)


def fire(timer: Timer, world: World) -> None:
    """Holds and periods are looked at again in the same transaction (R-RET-5)."""
    ack = world.send(
        ExecuteDestruction(request_id=timer.id),
        foreseen=("LEGAL_HOLD_ACTIVE", "RETENTION_NOT_ELAPSED", "INVALID_STATE"),
    )
    if ack.error is None or ack.error.code == "INVALID_STATE":  # an engineer was quicker
        return
    at = world.now + AGAIN
    if ack.error.code == "RETENTION_NOT_ELAPSED":
        over = max(date.fromisoformat(day) for day in ack.error.details["retain_until"].values())
        free = max(over, business_date(world.now, world.tz) + AGAIN)
        at = datetime.combine(free, time(), tzinfo=world.tz)
    world.remind(at, ERASE, timer.id)
