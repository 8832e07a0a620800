"""What becomes of the money held when an appointment does not take place: R-POL-2, R-POL-5, R-POL-6, INV-A4."""

from __future__ import annotations

from typing import NamedTuple

from event_store.aggregates.appointment.events import PlannedMoney
from event_store.aggregates.appointment.state import State
from mymedic.deciding import Context
from mymedic.policies import CancellationBody, forfeit_and_refund


class Settlement(NamedTuple):
    """`held = forfeit + refund`, and the plan's parts add up to them."""

    held_paise: int
    forfeit_paise: int
    refund_paise: int
    plan: tuple[PlannedMoney, ...]


def settle(context: Context, state: State, body: CancellationBody, eff_bps: int) -> Settlement:
    """Forfeits eat the payments in order of (captured_at, payment_id); the refund is what each has left."""
    payments = sorted(
        (
            payment
            for payment in context.related("payment", "appointment", context.id)
            if payment.held_paise > 0  # what is disputed is not held (R-POL-9)
        ),
        key=lambda payment: (payment.captured_at, payment.payment_id),
    )
    held = sum(payment.held_paise for payment in payments)
    forfeit, refund = forfeit_and_refund(body, held, state.price_quoted_paise, eff_bps)
    plan = []
    left = forfeit
    for payment in payments:
        part = min(left, payment.held_paise)
        left -= part
        plan.append(
            PlannedMoney(
                payment_id=payment.payment_id,
                forfeit_paise=part,
                refund_paise=payment.held_paise - part,
            )
        )
    return Settlement(held, forfeit, refund, tuple(plan))
