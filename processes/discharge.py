"""C100: what was paid for a stay beyond its bill is asked back for the patient. Large refunds await finance."""

from __future__ import annotations

from typing import Any

from event_store.aggregates.admission.events import AdmissionBilled
from event_store.aggregates.payment.commands import RequestRefund
from event_store.aggregates.payment.events import DisputeResolved, PaymentCaptured
from event_store.recorded import Recorded
from processes.world import World


def on_billed(event: Recorded, billed: AdmissionBilled, world: World) -> None:
    """Advances were used oldest first, so what is left of them stands on the newest."""
    left = billed.excess_paise
    paid = world.related("payment", "admission", event.admission_id or "")
    free = [payment for payment in paid if payment.invoice_id is None and payment.held_paise > 0]
    for payment in sorted(free, key=lambda payment: (payment.captured_at, payment.payment_id)):
        left -= _ask_back(payment, left, world)


def on_capture(event: Recorded, _: PaymentCaptured, world: World) -> None:
    _ask_back_rest(event, world)


def on_dispute_resolved(event: Recorded, _: DisputeResolved, world: World) -> None:
    """What was disputed when the bill was written was neither put against it nor counted as excess."""
    _ask_back_rest(event, world)


def _ask_back_rest(event: Recorded, world: World) -> None:
    """Money that is free after the bill has been put against it by now; nothing else will need the rest."""
    payment = world.state("payment", event.payment_id or "")
    if payment.admission_id is None or payment.invoice_id is not None or payment.has_open_dispute:
        return
    if world.state("admission", payment.admission_id).status == "billed":
        _ask_back(payment, payment.held_paise, world)


def _ask_back(payment: Any, at_most: int, world: World) -> int:
    amount_paise = int(min(at_most, payment.held_paise))
    if amount_paise <= 0:
        return 0
    refund = RequestRefund(
        payment_id=payment.payment_id,
        refund_id=world.id_for("rfd", payment.payment_id),
        amount_paise=amount_paise,
        reason="discharge_excess",
        destination="source",
    )
    world.send(refund, payment.payment_id)
    return amount_paise
