"""S5: who is booked where nobody is seen any more is cancelled, if whoever changed the schedule said so.

Otherwise, and when video visits are withdrawn, the booking stands and is shown as waiting to be moved.
"""

from __future__ import annotations

from event_store.aggregates.appointment.commands import CancelAppointment
from event_store.aggregates.appointment.events import ReasonCode
from event_store.aggregates.schedule.events import ScheduleBlocked, SlotsRetired
from event_store.recorded import Recorded
from mymedic import bookings
from processes.world import World


def on_blocked(event: Recorded, blocked: ScheduleBlocked, world: World) -> None:
    if blocked.on_conflict == "cancel_and_refund":
        reason: ReasonCode = "emergency" if blocked.reason == "emergency" else "provider_leave"
        for appointment_id in blocked.affected_appointment_ids:
            if _is_in(event.stream_id.removeprefix("schedule-"), blocked, appointment_id, world):
                _cancel(appointment_id, reason, world)


def on_retired(event: Recorded, retired: SlotsRetired, world: World) -> None:
    if retired.reason == "displaced_cancel":
        for appointment in bookings.in_slots(world, retired.slot_ids):
            _cancel(appointment.appointment_id, "other", world)


def _is_in(schedule_id: str, blocked: ScheduleBlocked, appointment_id: str, world: World) -> bool:
    """Whether it is still in the blocked time: it may have been moved before we come to it."""
    appointment = world.state("appointment", appointment_id)
    is_same_time = appointment.start_at < blocked.end_at and blocked.start_at < appointment.end_at
    return is_same_time and world.holder("slot", appointment.slot_id) == schedule_id


def _cancel(appointment_id: str, reason: ReasonCode, world: World) -> None:
    """The patient pays nothing for it (R-POL-3). Who left in the meantime, or is being seen, is left alone."""
    command = CancelAppointment(appointment_id=appointment_id, initiator="provider", reason_code=reason)
    world.send(command, appointment_id, foreseen=("INVALID_STATE",))
