"""What was paid in advance for a stay and not needed for its bill is asked back for the patient."""

from __future__ import annotations

from event_store.aggregates.admission.events import AdmissionBilled
from event_store.aggregates.payment.commands import RequestRefund
from event_store.recorded import Recorded
from processes.world import World


def on_billed(event: Recorded, billed: AdmissionBilled, world: World) -> None:
    """Advances were used oldest first, so what is left of them stands on the newest. Large refunds await finance."""
    left = billed.excess_paise
    paid = world.related("payment", "admission", event.admission_id or "")
    free = [payment for payment in paid if payment.invoice_id is None and payment.held_paise > 0]
    for payment in sorted(free, key=lambda payment: (payment.captured_at, payment.payment_id)):
        amount_paise = min(left, payment.held_paise)
        if amount_paise > 0:
            refund = RequestRefund(
                payment_id=payment.payment_id,
                refund_id=world.id_for("rfd", payment.payment_id),
                amount_paise=amount_paise,
                reason="discharge_excess",
                destination="source",
            )
            world.send(refund, payment.payment_id)
            left -= amount_paise
