"""What the gateway reports of an online payment. Its facts are recorded even where they contradict ours (R-CMD-7)."""

from __future__ import annotations

from event_store.aggregates.payment.commands import CapturePayment, ExpirePayment, FailPayment, RecordAuthorization
from event_store.aggregates.payment.decide.subject import GONE, PAIRS
from event_store.aggregates.payment.events import (
    Flag,
    PayerPii,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentExpired,
    PaymentFailed,
)
from event_store.aggregates.payment.state import State
from mymedic.deciding import Context, check
from mymedic.errors import Refused
from mymedic.messages import Event


def record_authorization(state: State, command: RecordAuthorization, context: Context) -> list[Event]:
    if state.progress != "initiated":
        return []
    return [PaymentAuthorized(gateway_payment_id=command.gateway_payment_id)]


def capture_target(command: CapturePayment, context: Context) -> str:
    """The payment that has this gateway payment already, else the one asked for.

    An order paid twice has a second gateway payment; that money is a payment of its own.
    """
    known = context.holder("gateway_payment", f"{command.gateway}#{command.gateway_payment_id}")
    if known:
        return known
    asked = _asked(command, context)
    if asked.captured_paise and asked.gateway_payment_id != command.gateway_payment_id:
        return context.new_id("pay")
    return asked.payment_id


def _asked(command: CapturePayment, context: Context) -> State:
    """The payment that a capture names, by id or by order."""
    payment_id = command.payment_id
    if payment_id is None and command.order_id:
        payment_id = context.holder("order", command.order_id)
    if payment_id is None:
        raise Refused("NOT_FOUND", "no payment with this order", order_id=command.order_id)
    asked: State = context.require("payment", payment_id)
    return asked


def capture_payment(state: State, command: CapturePayment, context: Context) -> list[Event]:
    check(command.currency in (None, "INR"), "CURRENCY_UNSUPPORTED", "only INR is taken", field="currency")
    if state.captured_paise:
        check(
            state.captured_paise == command.amount_paise,
            "PAYMENT_DUPLICATE",
            f"{command.gateway_payment_id} was captured with another amount",
            payment_id=state.payment_id,
        )
        return []
    asked = state if state.exists else _asked(command, context)
    is_rrn_taken = command.rrn is not None and context.holder("rrn", command.rrn) is not None
    flags: list[Flag] = []
    if command.amount_paise != asked.initiated_paise:
        flags.append("amount_mismatch")
    if asked is not state or is_rrn_taken:
        flags.append("unexpected_state")
    assert asked.purpose is not None and asked.mode is not None
    mode = command.mode if command.mode and "gateway" in PAIRS[command.mode] else asked.mode
    return [
        PaymentCaptured(
            payment_id=context.id,
            branch_id=asked.branch_id,
            patient_id=asked.patient_id,
            appointment_id=asked.appointment_id,
            invoice_id=asked.invoice_id,
            admission_id=asked.admission_id,
            purpose=asked.purpose,
            amount_paise=command.amount_paise,
            currency="INR",
            mode=mode,
            channel="gateway",
            gateway=command.gateway,
            gateway_payment_id=command.gateway_payment_id,
            order_id=asked.order_id,
            # INV-P4: one captured payment per bank reference; the gateway's own id still finds this one.
            rrn=None if is_rrn_taken else command.rrn,
            auth_code=command.auth_code,
            card_network=command.card_network,
            card_type=command.card_type,
            card_last4=command.card_last4,
            reported_fee_paise=command.fee_paise,
            reported_tax_paise=command.tax_paise,
            captured_at=command.captured_at,
            late_capture=_is_late(asked, context),
            source=command.source,
            flags=tuple(flags),
            pii=PayerPii(payer_vpa=command.vpa_masked) if command.vpa_masked else None,
        )
    ]


def _is_late(asked: State, context: Context) -> bool:
    """Whether the money came when nobody waited for it any more (R-POL-7).

    A failed attempt followed by a good one within the time allowed is not late.
    """
    if asked.progress == "expired":
        return True
    if asked.progress == "failed" and asked.expires_at is not None and asked.expires_at <= context.occurred_at:
        return True
    if asked.appointment_id is None or asked.invoice_id is not None:
        return False
    appointment = context.state("appointment", asked.appointment_id)
    if appointment.status == "pending":
        return bool(appointment.hold_expires_at <= context.occurred_at)
    return appointment.status in GONE


def fail_payment(state: State, command: FailPayment, context: Context) -> list[Event]:
    check(not state.captured_paise, "INVALID_STATE", "the payment is captured", status=state.status)
    if state.progress in ("failed", "expired"):
        return []
    return [
        PaymentFailed(
            error_code=command.error_code,
            error_source=command.error_source,
            decline_type=command.decline_type,
        )
    ]


def expire_payment(state: State, command: ExpirePayment, context: Context) -> list[Event]:
    if state.progress != "initiated":
        return []
    assert state.expires_at is not None
    check(context.now >= state.expires_at, "TOO_EARLY", "the payment may still be made", expires_at=state.expires_at)
    return [PaymentExpired()]
