"""S7: holds and payments expire, whoever never came is a no-show at the end of the day, follow-ups run out."""

from __future__ import annotations

from datetime import datetime, time

from event_store.aggregates.appointment.commands import ExpireHold, MarkNoShow
from event_store.aggregates.appointment.events import (
    AppointmentBooked,
    AppointmentHeld,
    AppointmentRescheduled,
)
from event_store.aggregates.payment.commands import ExpirePayment
from event_store.aggregates.payment.events import PaymentInitiated
from event_store.recorded import Recorded
from mymedic.messages import Command
from processes import followups
from processes.world import Timer, World

# The last minute of the business day: later would put the no-show on the next day's books.
END_OF_DAY = time(23, 59)


def on_held(event: Recorded, held: AppointmentHeld, world: World) -> None:
    if event.appointment_id is not None and held.hold_expires_at is not None:
        world.remind(held.hold_expires_at, "expire_hold", event.appointment_id)


def on_booked(event: Recorded, booked: AppointmentBooked, world: World) -> None:
    if event.appointment_id is not None:
        world.forget("expire_hold", event.appointment_id)
        world.remind(_end_of_day(booked.start_at, world), "mark_no_show", event.appointment_id)


def on_rescheduled(event: Recorded, moved: AppointmentRescheduled, world: World) -> None:
    if event.appointment_id is not None:
        world.remind(_end_of_day(moved.to.start_at, world), "mark_no_show", event.appointment_id)


def on_attended(event: Recorded, _: object, world: World) -> None:
    """Checked in, cancelled or already a no-show: nothing is left to wait for."""
    if event.appointment_id is not None:
        world.forget("mark_no_show", event.appointment_id)
        world.forget("expire_hold", event.appointment_id)


def on_initiated(event: Recorded, initiated: PaymentInitiated, world: World) -> None:
    if event.payment_id is not None:
        world.remind(initiated.expires_at, "expire_payment", event.payment_id)


def on_payment_settled(event: Recorded, _: object, world: World) -> None:
    if event.payment_id is not None:
        world.forget("expire_payment", event.payment_id)


def fire(timer: Timer, world: World) -> None:
    """Send what a timer that has gone off asks for; what comes too early is tried again when its time has come."""
    command = _command_of(timer, world)
    if command is None:
        return
    # Whoever is in the room at that moment is no no-show.
    error = world.send(command, foreseen=("NOSHOW_TOO_EARLY", "INVALID_STATE")).error
    if error is not None and error.code == "NOSHOW_TOO_EARLY":
        # A late slot or a long grace: the patient may come until after midnight.
        world.remind(datetime.fromisoformat(error.details["counts_from"]), timer.kind, timer.id)


def _command_of(timer: Timer, world: World) -> Command | None:
    """None when the timer is about nothing any more."""
    match timer.kind:
        case "expire_hold":
            return ExpireHold(appointment_id=timer.id)
        case "expire_payment":
            return ExpirePayment(payment_id=timer.id)
        case "mark_no_show" if world.state("appointment", timer.id).status == "booked":
            return MarkNoShow(appointment_id=timer.id)
        case followups.EVALUATE:
            return followups.evaluation_of(timer.id)
    return None


def _end_of_day(start_at: datetime, world: World) -> datetime:
    local = start_at.astimezone(world.tz)
    return max(local.replace(hour=END_OF_DAY.hour, minute=END_OF_DAY.minute, second=0, microsecond=0), local)
