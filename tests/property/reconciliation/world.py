"""A small world of money: what was taken, and what gateways, banks and drawers say about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from event_store.aggregates.bank_statement.events import BankSide, CounterpartyClass
from event_store.aggregates.payment.events import Channel, Destination, DisputeOutcome, Mode, Speed
from event_store.aggregates.settlement_file.events import EntityType

Online = Literal["upi", "card", "netbanking", "wallet"]
CardType = Literal["credit", "debit", "prepaid"]


@dataclass(frozen=True, kw_only=True)
class Payment:
    """`captured_at` is None for an order that was never captured as far as we know."""

    payment_id: str
    amount: int
    mode: Mode = "upi"
    channel: Channel = "gateway"
    gateway: str | None = None
    captured_at: datetime | None
    initiated_at: datetime | None = None
    recorded_at: datetime | None = None
    order_id: str | None = None
    gateway_payment_id: str | None = None
    authorised_id: str | None = None
    rrn: str | None = None
    terminal_id: str | None = None
    auth_code: str | None = None
    card_type: str | None = None
    cash_session_id: str | None = None
    branch_id: str = "brn_1"
    appointment_id: str | None = None
    reversed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Refund:
    refund_id: str
    payment_id: str
    amount: int
    processed_at: datetime
    recorded_at: datetime | None = None
    destination: Destination = "source"
    speed: Speed | None = "normal"  # None: the gateway told of a refund that nobody initiated
    gateway_refund_id: str | None = None
    reference: str | None = None
    cash_session_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Dispute:
    dispute_id: str
    payment_id: str
    amount: int
    opened_at: datetime
    gateway_dispute_id: str
    outcome: DisputeOutcome | None = None
    deducted: int = 0
    resolved_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Line:
    """A row of a settlement file. An adjustment has `credit` or `debit`; the others follow from amount, fee, tax."""

    line_id: str
    gateway: str
    entity_type: EntityType = "payment"
    entity_id: str
    amount: int
    fee: int = 0
    tax: int = 0
    credit: int = 0
    debit: int = 0
    settlement_id: str | None
    utr: str | None = None
    order_id: str | None = None
    dispute_id: str | None = None
    method: str | None = None
    held: bool = False
    created_at: datetime
    settled_at: datetime | None
    recorded_at: datetime


@dataclass(frozen=True, kw_only=True)
class BankLine:
    bank_line_id: str
    value_on: date
    amount: int
    side: BankSide = "C"
    kind: CounterpartyClass = "gateway"  # counterparty class
    utr: str | None = None
    rrn: str | None = None
    slip: str | None = None
    account: str = "bank_1"
    recorded_at: datetime


@dataclass(frozen=True, kw_only=True)
class Session:
    """Sales and cash refunds are those that name it."""

    cash_session_id: str
    opened_at: datetime
    closed_at: datetime | None
    opening: int = 200_000
    petty: int = 0
    variance: int = 0
    branch_id: str = "brn_1"


@dataclass(frozen=True, kw_only=True)
class Deposit:
    cash_session_id: str
    slip: str
    amount: int
    deposited_on: date
    recorded_at: datetime
    account: str = "bank_1"


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """What a payer told that it sent for a claim; some claims share one."""

    claim_id: str
    payer_id: str
    utr: str
    amount: int
    paid_on: date
    told_at: datetime
    branch_id: str = "brn_1"


@dataclass(frozen=True, kw_only=True)
class Contract:
    gateway: str
    mode: Online
    card_type: CardType | None = None
    effective_from: date
    fee_bps: int
    fixed: int = 0
    minimum: int = 0
    maximum: int | None = None
    gst_exempt_upto: int = 200_000
    settle_days: int = 2
    cutoff: str | None = None


@dataclass(frozen=True, kw_only=True)
class Appointment:
    appointment_id: str
    practitioner_id: str
    specialty_id: str = "spc_1"


@dataclass
class World:
    """`grace_days` is None where the tenant has never set it."""

    tenant_id: str
    holidays: tuple[date, ...] = ()
    grace_days: int | None = None
    qr_days: int | None = None
    contracts: tuple[Contract, ...] = ()
    appointments: list[Appointment] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    disputes: list[Dispute] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    bank_lines: list[BankLine] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    deposits: list[Deposit] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
