"""An online payment is asked for: how much of what, and until when."""

from __future__ import annotations

from typing import Any

from event_store.aggregates.payment.commands import InitiatePayment
from event_store.aggregates.payment.decide.subject import GONE, Subject, check_pair, paid_for
from event_store.aggregates.payment.events import PaymentInitiated
from event_store.aggregates.payment.state import State
from mymedic.deciding import Context, check
from mymedic.messages import Event
from mymedic.receivables import outstanding


def initiate_target(command: InitiatePayment, context: Context) -> str:
    """The payment still live for the same appointment and purpose, or a new one."""
    live = None
    if command.appointment_id:
        live = context.holder("live_payment", f"{command.appointment_id}#{command.purpose}")
    return live or context.new_id("pay")


def initiate_payment(state: State, command: InitiatePayment, context: Context) -> list[Event]:
    if state.exists:
        return []
    subject = paid_for(context, command)
    check_pair(command.mode, "gateway")
    check(command.expires_at > context.occurred_at, "VALIDATION_FAILED", "expires_at has passed", field="expires_at")
    if subject.appointment is not None:
        _check_appointment(subject.appointment, command, context)
    limit = _limit(command, subject, context)
    check(
        limit is None or command.amount_paise <= limit,
        "AMOUNT_INVALID",
        f"no more than {limit} paise are due",
        field="amount_paise",
        limit_paise=limit,
    )
    return [
        PaymentInitiated(
            payment_id=context.id,
            branch_id=_branch(command, subject),
            patient_id=command.patient_id,
            appointment_id=command.appointment_id,
            invoice_id=command.invoice_id,
            admission_id=command.admission_id,
            purpose=command.purpose,
            amount_paise=command.amount_paise,
            mode=command.mode,
            channel="gateway",
            gateway=command.gateway,
            order_id=context.new_id("order"),
            order_receipt=command.order_receipt,
            expires_at=command.expires_at,
        )
    ]


def _check_appointment(appointment: Any, command: InitiatePayment, context: Context) -> None:
    status = appointment.status
    is_held_too_long = status == "pending" and appointment.hold_expires_at <= context.occurred_at
    payable = status in ("pending", "booked") if command.purpose == "deposit" else status not in (*GONE, "waitlist")
    check(
        payable and not is_held_too_long,
        "INVALID_STATE",
        f"nothing is due for this appointment: it is {'no longer held' if is_held_too_long else status}",
        status=status,
    )


def _limit(command: InitiatePayment, subject: Subject, context: Context) -> int | None:
    """Paise that may be asked for; None where nobody knows the total yet (an advance, a procedure not billed)."""
    appointment, admission = subject.appointment, subject.admission
    if command.invoice_id:
        return outstanding(context, command.invoice_id)
    if command.purpose == "ipd_final":
        return _due_of_stay(admission, context)
    if appointment is None or command.purpose not in ("deposit", "balance", "full"):
        return None
    price = int(appointment.price_quoted_paise)
    if command.purpose == "deposit":
        return price
    return max(0, price - _paid(context, "appointment", appointment.appointment_id))


def _due_of_stay(admission: Any, context: Context) -> int:
    """What the bill asks for, or will: until it is issued, the charges less what has been paid."""
    if admission.invoice_id:
        return outstanding(context, admission.invoice_id)
    return max(0, int(admission.charged_paise) - _paid(context, "admission", admission.admission_id))


def _paid(context: Context, kind: str, id: str) -> int:
    payments = context.related("payment", kind, id)
    return sum(payment.available_paise + payment.allocated_paise for payment in payments)


def _branch(command: InitiatePayment, subject: Subject) -> str:
    known = next(one for one in subject if one is not None)
    check(
        command.branch_id in (None, known.branch_id),
        "VALIDATION_FAILED",
        "that is not the branch of what is paid",
        field="branch_id",
    )
    return str(known.branch_id)
