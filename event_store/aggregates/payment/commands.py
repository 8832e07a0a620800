"""What may be asked of a payment."""

from __future__ import annotations

from typing import ClassVar, Literal

from event_store.aggregates.payment.events import (
    BankReference,
    CardLast4,
    Channel,
    Currency,
    DeclineType,
    Destination,
    DisputeOutcome,
    DisputePhase,
    DisputeStatus,
    ForfeitBasis,
    GatewayId,
    Mode,
    Purpose,
    RefundReason,
    ReversalReason,
    Speed,
)
from mymedic.messages import Command, Id, Paise, PositivePaise, Text, Timestamp


class InitiatePayment(Command, frozen=True, kw_only=True):
    """C60. The branch is that of what is paid; who gives a `branch_id` is refused unless it is the same."""

    who: ClassVar = frozenset({"PP", "FD"})
    patient_id: Id
    appointment_id: Id | None = None
    invoice_id: Id | None = None
    admission_id: Id | None = None
    branch_id: Id | None = None
    purpose: Purpose
    amount_paise: PositivePaise
    mode: Mode
    gateway: Text
    order_receipt: Text
    expires_at: Timestamp


class RecordAuthorization(Command, frozen=True, kw_only=True):
    """C61."""

    who: ClassVar = frozenset({"IN"})
    payment_id: Id
    gateway_payment_id: GatewayId
    authorized_at: Timestamp


class CapturePayment(Command, frozen=True, kw_only=True):
    """C62. Names the payment or its order. `mode` is what the payer used in the end, when the gateway says."""

    who: ClassVar = frozenset({"IN", "SY"})
    payment_id: Id | None = None
    order_id: Id | None = None
    gateway: Text
    gateway_payment_id: GatewayId
    amount_paise: PositivePaise
    currency: Currency | None = None
    mode: Mode | None = None
    rrn: BankReference | None = None
    auth_code: Text | None = None
    vpa_masked: Text | None = None
    card_network: Text | None = None
    card_type: Text | None = None
    card_last4: CardLast4 | None = None
    fee_paise: Paise | None = None
    tax_paise: Paise | None = None
    captured_at: Timestamp
    source: Literal["webhook", "fetch", "recon"]


class FailPayment(Command, frozen=True, kw_only=True):
    """C63."""

    who: ClassVar = frozenset({"IN", "SY"})
    payment_id: Id
    gateway_payment_id: GatewayId | None = None
    error_code: Text
    error_source: Text
    decline_type: DeclineType


class ExpirePayment(Command, frozen=True, kw_only=True):
    """C64."""

    who: ClassVar = frozenset({"SY"})
    payment_id: Id


class RecordCounterPayment(Command, frozen=True, kw_only=True):
    """C65."""

    who: ClassVar = frozenset({"FD", "FN"})
    patient_id: Id
    branch_id: Id
    purpose: Purpose
    appointment_id: Id | None = None
    invoice_id: Id | None = None
    admission_id: Id | None = None
    amount_paise: PositivePaise
    mode: Mode
    channel: Channel
    cash_session_id: Id | None = None
    tendered_paise: Paise | None = None
    rrn: BankReference | None = None
    terminal_id: Text | None = None
    auth_code: Text | None = None
    card_network: Text | None = None
    card_type: Text | None = None
    card_last4: CardLast4 | None = None


class AllocatePayment(Command, frozen=True, kw_only=True):
    """C66."""

    who: ClassVar = frozenset({"FD", "FN", "SY"})
    payment_id: Id
    invoice_id: Id
    amount_paise: PositivePaise


class DeallocatePayment(Command, frozen=True, kw_only=True):
    """C67."""

    who: ClassVar = frozenset({"FN", "SY"})
    payment_id: Id
    invoice_id: Id
    amount_paise: PositivePaise
    reason: Text


class ReversePayment(Command, frozen=True, kw_only=True):
    """C68."""

    who: ClassVar = frozenset({"FN", "IN"})
    payment_id: Id
    reason: ReversalReason


class ForfeitDeposit(Command, frozen=True, kw_only=True):
    """C69."""

    who: ClassVar = frozenset({"SY", "FN"})
    payment_id: Id
    appointment_id: Id
    amount_paise: Paise
    gst_paise: Paise
    policy_version_id: Id
    basis: ForfeitBasis


class ReverseForfeit(Command, frozen=True, kw_only=True):
    """C70."""

    who: ClassVar = frozenset({"FN", "SY"})
    payment_id: Id
    forfeit_id: Id
    reason: Text


class RequestRefund(Command, frozen=True, kw_only=True):
    """C71."""

    who: ClassVar = frozenset({"PP", "FD", "FN", "SY"})
    payment_id: Id
    refund_id: Id
    amount_paise: PositivePaise
    reason: RefundReason
    destination: Destination


class ApproveRefund(Command, frozen=True, kw_only=True):
    """C72."""

    who: ClassVar = frozenset({"FN", "CM"})
    payment_id: Id
    refund_id: Id
    note: Text | None = None


class RejectRefund(Command, frozen=True, kw_only=True):
    """C72."""

    who: ClassVar = frozenset({"FN", "CM", "SY"})
    payment_id: Id
    refund_id: Id
    note: Text | None = None


class InitiateRefund(Command, frozen=True, kw_only=True):
    """C73."""

    who: ClassVar = frozenset({"SY", "FN"})
    payment_id: Id
    refund_id: Id
    speed: Speed


class RecordRefundProcessed(Command, frozen=True, kw_only=True):
    """C74. `cash_session_id` names the drawer that paid; without it, the branch's only open drawer pays."""

    who: ClassVar = frozenset({"IN", "FD"})
    payment_id: Id
    refund_id: Id
    gateway_refund_id: GatewayId | None = None
    arn_or_rrn: BankReference | None = None
    cash_session_id: Id | None = None
    processed_at: Timestamp


class RecordRefundFailed(Command, frozen=True, kw_only=True):
    """C75."""

    who: ClassVar = frozenset({"IN"})
    payment_id: Id
    refund_id: Id
    error_code: Text
    final: bool


class OpenDispute(Command, frozen=True, kw_only=True):
    """C76."""

    who: ClassVar = frozenset({"IN"})
    payment_id: Id
    dispute_id: Id
    gateway_dispute_id: GatewayId
    amount_paise: PositivePaise
    phase: DisputePhase
    respond_by: Timestamp
    deduct_at_onset: bool


class UpdateDispute(Command, frozen=True, kw_only=True):
    """C77."""

    who: ClassVar = frozenset({"IN", "FN"})
    dispute_id: Id
    status: DisputeStatus
    evidence_ref: Text | None = None


class ResolveDispute(Command, frozen=True, kw_only=True):
    """C78."""

    who: ClassVar = frozenset({"IN"})
    dispute_id: Id
    outcome: DisputeOutcome
    amount_deducted_paise: Paise
