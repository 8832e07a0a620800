"""S1, S2, S11: a captured deposit confirms its appointment; money that came too late or twice goes back."""

from __future__ import annotations

from event_store.aggregates.appointment.commands import ConfirmAppointment
from event_store.aggregates.appointment.events import AppointmentHoldExpired
from event_store.aggregates.payment.commands import RequestRefund
from event_store.aggregates.payment.events import PaymentCaptured, RefundReason
from event_store.recorded import Recorded
from processes.world import World


def on_capture(event: Recorded, captured: PaymentCaptured, world: World) -> None:
    payment_id = event.payment_id
    if payment_id is None or captured.appointment_id is None:
        return
    appointment = world.state("appointment", captured.appointment_id)
    if captured.late_capture:
        give_back(payment_id, "late_capture", world)
    elif appointment.status == "pending":
        # As of the capture: whoever paid in time keeps the seat, also when we come to it after the hold has run out.
        command = ConfirmAppointment(appointment_id=captured.appointment_id, payment_id=payment_id)
        world.send(command, at=event.occurred_at, foreseen=("DEPOSIT_INSUFFICIENT",))
    elif appointment.is_hold_expired:
        give_back(payment_id, "late_capture", world)
    elif _is_second(payment_id, captured, world):
        give_back(payment_id, "duplicate_capture", world)


def on_hold_expired(event: Recorded, _: AppointmentHoldExpired, world: World) -> None:
    """Less than the deposit had come: nothing was booked for it, so it goes back whole."""
    for payment in world.related("payment", "appointment", event.appointment_id or ""):
        give_back(payment.payment_id, "late_capture", world, payment.payment_id)


def _is_second(payment_id: str, captured: PaymentCaptured, world: World) -> bool:
    """Whether the gateway has already captured money for the same appointment and purpose."""
    if captured.channel != "gateway":
        return False
    return any(
        other.payment_id != payment_id
        and other.purpose == captured.purpose
        and other.channel == "gateway"
        and not other.late_capture
        and other.captured_paise - other.reversed_paise - other.refunded_or_reserved_paise > 0
        for other in world.related("payment", "appointment", captured.appointment_id or "")
    )


def give_back(payment_id: str, reason: RefundReason, world: World, *about: str) -> None:
    """Ask for all that a payment has left to go back to where it came from."""
    payment = world.state("payment", payment_id)
    if payment.available_paise > 0:
        world.send(
            RequestRefund(
                payment_id=payment_id,
                refund_id=world.id_for("rfd", reason, *about),
                amount_paise=payment.available_paise,
                reason=reason,
                destination="source",
            ),
            *about,
            foreseen=("DISPUTE_OPEN",),  # it goes back when the dispute has ended
        )
