"""P4: every payment, where each paisa of it went, and what is left of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from event_store.aggregates.payment import events as e
from event_store.recorded import Recorded
from mymedic.messages import Event
from projections.places import city_of, moved_with_branch
from projections.projection import Projection, folds
from projections.row import Row
from projections.view import View


class PaymentsSummary(Row, frozen=True, kw_only=True):
    """One row per payment. Amounts are paise; `state` is the one word that a person has to act on first.

    `business_date` is that of the capture; a payment that was never captured has none.
    """

    table: ClassVar = "proj_payments_summary"
    key: ClassVar = ("payment_id",)
    lookups: ClassVar = ("branch_id",)
    indexes: ClassVar = (("branch_id", "business_date"), ("patient_id",), ("appointment_id",))

    payment_id: str
    patient_id: str
    branch_id: str | None
    city_id: str | None
    appointment_id: str | None
    invoice_id: str | None
    admission_id: str | None
    purpose: str | None
    mode: str | None
    channel: str | None
    gateway: str | None
    state: str
    initiated_at: datetime | None
    captured_at: datetime | None
    business_date: date | None
    initiated_paise: int
    captured_paise: int
    allocated_paise: int
    refund_requested_paise: int
    refunded_paise: int
    forfeited_paise: int
    reversed_paise: int
    dispute_open_paise: int
    dispute_lost_paise: int
    available_paise: int
    gateway_payment_id: str | None
    rrn: str | None
    failure_decline_type: str | None


def _on_payment(event: Recorded, happened: Event, view: View) -> None:
    payment_id = event.stream_id.removeprefix("payment-")
    state = view.state("payment", payment_id)
    before = view.get(PaymentsSummary, payment_id)
    initiated_at = before.initiated_at if before else None
    decline_type = before.failure_decline_type if before else None
    match happened:
        case e.PaymentInitiated():
            initiated_at = event.occurred_at
        case e.PaymentFailed():
            decline_type = happened.decline_type
    on = view.day(state.captured_at) if state.captured_at else None
    view.put(
        PaymentsSummary(
            tenant_id=event.tenant_id,
            payment_id=payment_id,
            patient_id=state.patient_id,
            branch_id=state.branch_id,
            city_id=city_of(view, state.branch_id, on),
            appointment_id=state.appointment_id,
            invoice_id=state.invoice_id,
            admission_id=state.admission_id,
            purpose=state.purpose,
            mode=state.mode,
            channel=state.channel,
            gateway=state.gateway,
            state=state.status,
            initiated_at=initiated_at,
            captured_at=state.captured_at,
            business_date=on,
            initiated_paise=state.initiated_paise,
            captured_paise=state.captured_paise,
            allocated_paise=state.allocated_paise,
            refund_requested_paise=state.refunded_or_reserved_paise - state.refunded_paise,
            refunded_paise=state.refunded_paise,
            forfeited_paise=state.forfeited_paise,
            reversed_paise=state.reversed_paise,
            dispute_open_paise=state.open_dispute_paise,
            dispute_lost_paise=state.dispute_lost_covered_paise,
            available_paise=state.available_paise,
            gateway_payment_id=state.gateway_payment_id,
            rrn=state.rrn,
            failure_decline_type=decline_type,
        )
    )


PROJECTION = Projection(
    name="payments_summary",
    version=2,
    rows=(PaymentsSummary,),
    looks_at=frozenset({"tenant", "branch", "payment"}),
    folds=folds(_on_payment, *e.EVENTS) | moved_with_branch(PaymentsSummary, lambda row: row.business_date),
)
