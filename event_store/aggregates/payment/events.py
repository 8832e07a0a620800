"""What happens to a payment: captured money, and where each paisa of it goes."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from mymedic.messages import Count, Event, Id, Paise, PositivePaise, Text, Timestamp, Value

Purpose = Literal["deposit", "balance", "full", "procedure", "ipd_advance", "ipd_final"]
Mode = Literal["upi", "card", "cash", "netbanking", "wallet", "bank_transfer"]
Channel = Literal["gateway", "pos", "static_qr", "drawer", "direct_bank"]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}(?!\n)$")]
# A 12-digit RRN, or the UTR of a bank transfer.
BankReference = Annotated[str, Meta(pattern=r"^[A-Za-z0-9]{1,32}(?!\n)$")]
# An id that a gateway gave: any text, because nobody asked us when they chose it.
GatewayId = Annotated[str, Meta(min_length=1, max_length=128)]
CardLast4 = Annotated[str, Meta(pattern=r"^[0-9]{4}(?!\n)$")]
CaptureSource = Literal["webhook", "fetch", "recon", "counter", "legacy"]
DeclineType = Literal["technical", "business", "user_cancelled", "timeout"]
ForfeitBasis = Literal["late_cancel", "no_show", "lwbs"]
RefundReason = Literal[
    "policy_cancel",
    "provider_cancel",
    "no_show_remainder",
    "late_capture",
    "duplicate_capture",
    "overcharge",
    "goodwill",
    "discharge_excess",
]
Destination = Literal["source", "cash", "bank_transfer"]
ReversalReason = Literal["entry_error", "pos_void", "gateway_auto_reversal"]
Speed = Literal["normal", "instant"]
DisputePhase = Literal["fraud", "retrieval", "chargeback", "pre_arbitration", "arbitration"]
DisputeStatus = Literal["under_review", "action_required"]
DisputeOutcome = Literal["won", "lost", "closed"]
# An outside fact that contradicts what we held true is recorded all the same, with one of these (R-CMD-7).
Flag = Literal["amount_mismatch", "dispute_overlap", "unexpected_state"]

MONEY = ("financial_gst",)


class PayerPii(Value, frozen=True, kw_only=True):
    payer_vpa: Text | None = None
    payer_contact: Text | None = None


class PaymentInitiated(Event, frozen=True, kw_only=True):
    retention: ClassVar = MONEY
    payment_id: Id
    branch_id: Id | None = None
    patient_id: Id
    appointment_id: Id | None = None
    invoice_id: Id | None = None
    admission_id: Id | None = None
    purpose: Purpose
    amount_paise: PositivePaise
    mode: Mode
    channel: Channel
    gateway: Text
    order_id: Id
    order_receipt: Text
    expires_at: Timestamp


class PaymentAuthorized(Event, frozen=True, kw_only=True):
    retention: ClassVar = MONEY
    gateway_payment_id: GatewayId


class PaymentCaptured(Event, frozen=True, kw_only=True):
    """Money received, at the counter or by a gateway; `amount_paise` is what came, not what was asked for."""

    version: ClassVar = 2
    retention: ClassVar = MONEY
    payment_id: Id | None = None
    branch_id: Id | None = None
    patient_id: Id
    appointment_id: Id | None = None
    invoice_id: Id | None = None
    admission_id: Id | None = None
    purpose: Purpose
    amount_paise: PositivePaise
    currency: Currency
    mode: Mode
    channel: Channel
    gateway: Text | None = None
    gateway_payment_id: GatewayId | None = None
    order_id: Id | None = None
    rrn: BankReference | None = None
    auth_code: Text | None = None
    card_network: Text | None = None
    card_type: Text | None = None
    card_last4: CardLast4 | None = None
    terminal_id: Text | None = None
    cash_session_id: Id | None = None
    reported_fee_paise: Paise | None = None
    reported_tax_paise: Paise | None = None
    captured_at: Timestamp
    late_capture: bool
    source: CaptureSource
    flags: tuple[Flag, ...] = ()
    pii: PayerPii | None = None


class PaymentFailed(Event, frozen=True, kw_only=True):
    retention: ClassVar = MONEY
    error_code: Text
    error_source: Text
    decline_type: DeclineType


class PaymentExpired(Event, frozen=True, kw_only=True):
    retention: ClassVar = MONEY


class PaymentAllocated(Event, frozen=True, kw_only=True):
    retention: ClassVar = MONEY
    allocation_id: Id
    invoice_id: Id
    amount_paise: PositivePaise


class PaymentDeallocated(Event, frozen=True, kw_only=True):
    retention: ClassVar = MONEY
    invoice_id: Id
    amount_paise: PositivePaise
    reason: Text


class PaymentReversed(Event, frozen=True, kw_only=True):
    retention: ClassVar = MONEY
    amount_paise: PositivePaise
    reason: ReversalReason


class DepositForfeited(Event, frozen=True, kw_only=True):
    """`gst_paise` is inside `amount_paise` (R-GST-1)."""

    retention: ClassVar = MONEY
    forfeit_id: Id
    appointment_id: Id
    amount_paise: PositivePaise
    gst_paise: Paise
    basis: ForfeitBasis
    policy_version_id: Id


class DepositForfeitReversed(Event, frozen=True, kw_only=True):
    retention: ClassVar = MONEY
    forfeit_id: Id
    amount_paise: PositivePaise
    gst_paise: Paise
    reason: Text


class RefundRequested(Event, frozen=True, kw_only=True):
    """The amount is set aside from this moment. `requested_by` is the actor whom the approver must differ from."""

    retention: ClassVar = MONEY
    refund_id: Id
    amount_paise: PositivePaise
    reason: RefundReason
    destination: Destination
    appointment_id: Id | None = None
    requested_by: Text | None = None


class RefundApproved(Event, frozen=True, kw_only=True):
    retention: ClassVar = MONEY
    refund_id: Id
    approval: Literal["auto", "manual"]


# The note of a rejection that nobody decided: the dispute did.
DISPUTED = "dispute_open"


class RefundRejected(Event, frozen=True, kw_only=True):
    retention: ClassVar = MONEY
    refund_id: Id
    note: Text | None = None


class RefundInitiated(Event, frozen=True, kw_only=True):
    retention: ClassVar = MONEY
    refund_id: Id
    attempt: Count
    speed: Speed


class RefundProcessed(Event, frozen=True, kw_only=True):
    retention: ClassVar = MONEY
    refund_id: Id
    amount_paise: PositivePaise
    gateway_refund_id: GatewayId | None = None
    arn_or_rrn: BankReference | None = None
    destination: Destination
    cash_session_id: Id | None = None
    processed_at: Timestamp
    flags: tuple[Flag, ...] = ()


class RefundFailed(Event, frozen=True, kw_only=True):
    retention: ClassVar = MONEY
    refund_id: Id
    error_code: Text
    final: bool


class DisputeOpened(Event, frozen=True, kw_only=True):
    """`amount_paise` is never above what was captured; a larger claim is flagged `dispute_overlap`."""

    retention: ClassVar = MONEY
    dispute_id: Id
    gateway_dispute_id: GatewayId
    amount_paise: PositivePaise
    phase: DisputePhase
    respond_by: Timestamp
    deduct_at_onset: bool
    flags: tuple[Flag, ...] = ()


class DisputeUpdated(Event, frozen=True, kw_only=True):
    retention: ClassVar = MONEY
    dispute_id: Id
    status: DisputeStatus
    evidence_ref: Text | None = None


class Deallocation(Value, frozen=True, kw_only=True):
    invoice_id: Id
    amount_paise: PositivePaise


class DisputeResolved(Event, frozen=True, kw_only=True):
    """A lost amount is `covered_paise` from this payment plus `uncovered_paise`, which was already refunded."""

    retention: ClassVar = MONEY
    dispute_id: Id
    outcome: DisputeOutcome
    amount_deducted_paise: Paise
    covered_paise: Paise
    uncovered_paise: Paise
    deallocations: tuple[Deallocation, ...] = ()
    reversed_forfeit_ids: tuple[Id, ...] = ()
    flags: tuple[Flag, ...] = ()


EVENTS: tuple[type[Event], ...] = (
    PaymentInitiated,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentFailed,
    PaymentExpired,
    PaymentAllocated,
    PaymentDeallocated,
    PaymentReversed,
    DepositForfeited,
    DepositForfeitReversed,
    RefundRequested,
    RefundApproved,
    RefundRejected,
    RefundInitiated,
    RefundProcessed,
    RefundFailed,
    DisputeOpened,
    DisputeUpdated,
    DisputeResolved,
)
