"""S3, S4: what a cancellation or a no-show decided about the deposits is carried out on each payment."""

from __future__ import annotations

from collections.abc import Sequence

from event_store.aggregates.appointment.events import (
    AppointmentCancelled,
    AppointmentNoShow,
    NoShowReversed,
    PlannedMoney,
)
from event_store.aggregates.payment.commands import (
    ForfeitDeposit,
    InitiateRefund,
    RejectRefund,
    RequestRefund,
    ReverseForfeit,
)
from event_store.aggregates.payment.events import ForfeitBasis, RefundApproved, RefundReason
from event_store.recorded import Recorded
from mymedic.money import tax_inside
from processes.world import World


def on_cancellation(event: Recorded, cancelled: AppointmentCancelled, world: World) -> None:
    basis, reason = terms_of(cancelled)
    carry_out(event, cancelled.plan, cancelled.policy_version_id, basis, reason, world)


def terms_of(cancelled: AppointmentCancelled) -> tuple[ForfeitBasis, RefundReason]:
    """Under which names a cancellation's money is kept and given back."""
    basis: ForfeitBasis = "lwbs" if cancelled.reason_code == "lwbs" else "late_cancel"
    return basis, "policy_cancel" if cancelled.initiator == "patient" else "provider_cancel"


def on_no_show(event: Recorded, noshow: AppointmentNoShow, world: World) -> None:
    carry_out(event, noshow.plan, noshow.policy_version_id, "no_show", "no_show_remainder", world)


def carry_out(
    event: Recorded,
    plan: Sequence[PlannedMoney],
    policy_version_id: str,
    basis: ForfeitBasis,
    reason: RefundReason,
    world: World,
) -> None:
    """Keep and give back what a plan says of each payment of the event's appointment."""
    appointment_id = event.appointment_id
    if appointment_id is None or not plan:
        return
    service_id = world.state("appointment", appointment_id).service_id
    service = world.state("tenant", event.tenant_id).service(service_id)
    for planned in plan:
        if planned.forfeit_paise > 0:
            _, gst_paise = tax_inside(planned.forfeit_paise, service.gst_bps if service else 0)
            world.send(
                ForfeitDeposit(
                    payment_id=planned.payment_id,
                    appointment_id=appointment_id,
                    amount_paise=planned.forfeit_paise,
                    gst_paise=gst_paise,
                    policy_version_id=policy_version_id,
                    basis=basis,
                ),
                planned.payment_id,
            )
        if planned.refund_paise > 0:
            world.send(
                RequestRefund(
                    payment_id=planned.payment_id,
                    refund_id=world.id_for("rfd", planned.payment_id),
                    amount_paise=planned.refund_paise,
                    reason=reason,
                    destination="source",
                ),
                planned.payment_id,
            )


def on_no_show_reversed(event: Recorded, reversal: NoShowReversed, world: World) -> None:
    """Forfeits of the no-show come back; a remainder not yet on its way stays here."""
    for payment in world.related("payment", "appointment", event.appointment_id or ""):
        for forfeit_id, forfeit in list(payment.forfeits.items()):
            if not forfeit.is_reversed:
                world.send(
                    ReverseForfeit(payment_id=payment.payment_id, forfeit_id=forfeit_id, reason="no-show reversed"),
                    forfeit_id,
                )
        for refund_id, refund in list(payment.refunds.items()):
            if refund.reason == "no_show_remainder" and refund.status in ("requested", "approved"):
                world.send(
                    RejectRefund(payment_id=payment.payment_id, refund_id=refund_id, note="no-show reversed"), refund_id
                )


def on_refund_approved(event: Recorded, approved: RefundApproved, world: World) -> None:
    if event.payment_id is not None:
        command = InitiateRefund(payment_id=event.payment_id, refund_id=approved.refund_id, speed="normal")
        # finance may have sent it on its way already, to arrive at once
        world.send(command, foreseen=("INVALID_STATE",))
