"""S1, S2, S11: a captured deposit confirms its appointment; money that came too late or twice goes back."""

from __future__ import annotations

from event_store.aggregates.appointment.commands import ConfirmAppointment
from event_store.aggregates.payment.commands import RequestRefund
from event_store.aggregates.payment.events import PaymentCaptured, RefundReason
from event_store.recorded import Recorded
from processes.world import World


def on_capture(event: Recorded, captured: PaymentCaptured, world: World) -> None:
    payment_id = event.payment_id
    if payment_id is None or captured.appointment_id is None:
        return
    if captured.late_capture:
        _give_back(payment_id, "late_capture", world)
    elif _is_second(payment_id, captured, world):
        _give_back(payment_id, "duplicate_capture", world)
    elif world.state("appointment", captured.appointment_id).status == "pending":
        world.send(ConfirmAppointment(appointment_id=captured.appointment_id, payment_id=payment_id))


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


def _give_back(payment_id: str, reason: RefundReason, world: World) -> None:
    payment = world.state("payment", payment_id)
    if payment.available_paise > 0:
        world.send(
            RequestRefund(
                payment_id=payment_id,
                refund_id=world.id_for("rfd", reason),
                amount_paise=payment.available_paise,
                reason=reason,
                destination="source",
            )
        )
