"""S8: a seat that became free is offered to whoever waited longest and can take it."""

from __future__ import annotations

from event_store.aggregates.appointment.commands import OfferWaitlistSlot
from event_store.aggregates.appointment.events import (
    AppointmentCancelled,
    AppointmentEnteredInError,
    AppointmentHoldExpired,
    AppointmentRescheduled,
)
from event_store.aggregates.schedule.events import ScheduleBlocked, ScheduleUnblocked, SlotOverridden
from event_store.recorded import Recorded
from mymedic import waitlist
from mymedic.clock import business_date
from processes.world import World

# How long an offered seat is kept: time to read a message, without keeping the next in the queue from it.
OFFER_SECONDS = 3600
# The patient cannot take it, or the seat is not to be had after all; the next one is asked.
PASSED_OVER = (
    "CONSENT_REQUIRED",
    "PATIENT_DOUBLE_BOOKED",
    "PATIENT_ERASED",
    "SLOT_UNAVAILABLE",
    "PRACTITIONER_INACTIVE",
    "BRANCH_CLOSED",
)


def on_cancelled(event: Recorded, cancelled: AppointmentCancelled, world: World) -> None:
    if cancelled.slot_id is not None:
        _offer(cancelled.slot_id, world)


def on_hold_expired(event: Recorded, expired: AppointmentHoldExpired, world: World) -> None:
    _offer(expired.slot_id, world)


def on_rescheduled(event: Recorded, moved: AppointmentRescheduled, world: World) -> None:
    _offer(moved.from_.slot_id, world)


def on_error(event: Recorded, _: AppointmentEnteredInError, world: World) -> None:
    appointment = world.state("appointment", event.appointment_id or "")
    if appointment.slot_id:
        _offer(appointment.slot_id, world)


def on_overridden(event: Recorded, overridden: SlotOverridden, world: World) -> None:
    if overridden.action in ("add_extra", "raise_capacity"):
        _offer(overridden.slot_id, world)


def on_unblocked(event: Recorded, unblocked: ScheduleUnblocked, world: World) -> None:
    schedule_id = event.stream_id.removeprefix("schedule-")
    schedule = world.state("schedule", schedule_id)
    if not world.guards("waitlist", f"{schedule.branch_id}#"):
        return
    for block in world.history("schedule", schedule_id):
        if isinstance(block, ScheduleBlocked) and block.block_id == unblocked.block_id:
            for slot_id in schedule.slot_ids_between(block.start_at, block.end_at):
                _offer(slot_id, world)


def _offer(slot_id: str, world: World) -> None:
    """Offer every free seat of a slot, down the queue."""
    schedule = world.state("schedule", world.holder("slot", slot_id) or "")
    slot = schedule.slot(slot_id)
    if slot is None or slot.state != "open" or slot.start_at <= world.now:
        return
    on = business_date(slot.start_at, world.tz)
    specialty_id = world.state("practitioner", schedule.practitioner_id).specialty_on(on)
    for entry in waitlist.queue(world, schedule.branch_id, specialty_id):
        if len(world.guards("slot_token", f"{slot_id}#")) >= slot.capacity:
            return
        if waitlist.fits(entry, schedule.branch_id, schedule.practitioner_id, specialty_id, on):
            command = OfferWaitlistSlot(appointment_id=entry.appointment_id, slot_id=slot_id, ttl=OFFER_SECONDS)
            world.send(command, entry.appointment_id, slot_id, foreseen=PASSED_OVER)
