"""S9: who booked, moved or lost an appointment is told, and reminded of it the evening before.

What is asked for here is sent by whoever is connected to a provider. Whether the patient agreed to such messages is
the notification's own rule: a CONSENT_REQUIRED is foreseen, and nothing is sent.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from event_store.aggregates.appointment.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentRescheduled,
    WaitlistOffered,
)
from event_store.aggregates.notification.commands import RequestNotification
from event_store.recorded import Recorded
from mymedic.patients import survivor_of
from processes.world import Timer, World

REMIND = "remind_patient"
# Nobody is woken: whatever the hour of the appointment, its reminder goes out on the evening before.
EVENING = time(18, 0)
DAY = timedelta(days=1)
# Nothing is sent then, and nobody waits for it: they did not agree, are gone, or were told already.
UNSENT = ("CONSENT_REQUIRED", "PATIENT_ERASED", "ALREADY_EXISTS")


def on_booked(event: Recorded, booked: AppointmentBooked, world: World) -> None:
    if event.appointment_id is None or booked.walk_in:
        return  # who stands at the desk has been told
    _tell("appointment_booked", booked.patient_id, event.appointment_id, world)
    _remind(event.appointment_id, booked.start_at, world)


def on_rescheduled(event: Recorded, moved: AppointmentRescheduled, world: World) -> None:
    if event.appointment_id is not None:
        _tell("appointment_moved", event.patient_id, f"{event.appointment_id}#{event.stream_version}", world)
        _remind(event.appointment_id, moved.to.start_at, world)


def on_cancelled(event: Recorded, cancelled: AppointmentCancelled, world: World) -> None:
    """Who only waited, and had no seat to lose, is told nothing."""
    if event.appointment_id is not None and cancelled.slot_id is not None:
        _tell("appointment_cancelled", event.patient_id, event.appointment_id, world)
        world.forget(REMIND, event.appointment_id)


def on_offered(event: Recorded, _: WaitlistOffered, world: World) -> None:
    """The seat is kept for an hour, so whoever waited has to hear of it."""
    if event.appointment_id is not None:
        _tell("seat_offered", event.patient_id, event.appointment_id, world)


def on_attended(event: Recorded, _: object, world: World) -> None:
    if event.appointment_id is not None:
        world.forget(REMIND, event.appointment_id)


def fire(timer: Timer, world: World) -> None:
    appointment = world.state("appointment", timer.id)
    if appointment.status == "booked" and appointment.start_at > world.now:
        on = appointment.start_date(world.tz)
        _tell("appointment_reminder", appointment.patient_id, f"{timer.id}@{on}", world)


def _remind(appointment_id: str, start_at: datetime, world: World) -> None:
    """None for an appointment that was made later than its reminder: the booking has just been told."""
    evening = datetime.combine(start_at.astimezone(world.tz).date() - DAY, EVENING, tzinfo=world.tz)
    if evening > world.now:
        world.remind(evening, REMIND, appointment_id)
    else:
        world.forget(REMIND, appointment_id)


def _tell(template: str, patient_id: str | None, related_ref: str, world: World) -> None:
    """`related_ref` begins with the appointment's id and says which occasion of the template it is.

    Whose record was merged since is told under the survivor's: there stand their consent and their present number.
    """
    command = RequestNotification(
        patient_id=survivor_of(world, patient_id or ""),
        channel="whatsapp",
        template=template,
        category="utility",
        related_ref=related_ref,
    )
    world.send(command, foreseen=UNSENT)
