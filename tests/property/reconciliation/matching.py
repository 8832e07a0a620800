"""Reconciliation as a person with a pencil would do it: every line against every item, one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TypeVar

from tests.property.reconciliation import terms
from tests.property.reconciliation.terms import local_day
from tests.property.reconciliation.world import BankLine, Dispute, Line, Payment, Refund, Session, World

T = TypeVar("T")

POSTED = {
    "matched",
    "netted_reversal",
    "chargeback_lost",
    "batch_matched",
    "batch_carried_negative",
    "cash_balanced",
    "deposit_matched",
    "qr_matched",
    "claim_matched",
}
EXPECTED = {"in_transit", "on_hold", "partially_settled", "missing_settlement"} | {
    f"{thing}_{state}" for thing in ("batch", "deposit", "qr", "claim") for state in ("in_transit", "missing")
}


@dataclass
class Item:
    item_id: str
    leg: str
    kind: str
    branch_id: str
    channel: str
    business_date: date
    aged_from: date
    left: int
    category: str = ""  # the class
    right: int = 0
    matched: int = 0
    excess: int = 0
    payment_id: str | None = None
    payer_id: str | None = None
    gateway: str | None = None
    mode: str | None = None
    due_on: date | None = None
    overdue_after: date | None = None
    fee_charged: int = 0
    fee_expected: int = 0
    tax_charged: int = 0
    tax_expected: int = 0
    right_ref: str | None = None
    settlement_id: str | None = None
    proposed_ref: str | None = None
    near_ref: str | None = None
    near_by: str | None = None
    near_paise: int | None = None
    near_days: int | None = None
    lines: list[Line] = field(default_factory=list)
    credits: list[BankLine] = field(default_factory=list)

    @property
    def status(self) -> str:
        return "posted" if self.category in POSTED else "expected" if self.category in EXPECTED else "mismatched"

    @property
    def fee_variance(self) -> int:
        if self.category not in ("matched", "matched_fee_variance"):
            return 0
        return self.fee_charged + self.tax_charged - self.fee_expected - self.tax_expected


def known(world: World, as_of: datetime) -> World:
    """What had been recorded by then."""

    def seen(payment: Payment) -> Payment:
        captured = payment.captured_at and (payment.recorded_at or payment.captured_at) <= as_of
        undone = payment.reversed_at is not None and payment.reversed_at <= as_of
        return replace(
            payment,
            captured_at=payment.captured_at if captured else None,
            reversed_at=payment.reversed_at if undone else None,
        )

    def open_still(dispute: Dispute) -> Dispute:
        resolved = dispute.resolved_at is not None and dispute.resolved_at <= as_of
        return dispute if resolved else replace(dispute, outcome=None, resolved_at=None)

    def unclosed(session: Session) -> Session:
        return session if session.closed_at and session.closed_at <= as_of else replace(session, closed_at=None)

    return replace(
        world,
        payments=[
            seen(one)
            for one in world.payments
            if (one.initiated_at and one.initiated_at <= as_of) or seen(one).captured_at
        ],
        refunds=[one for one in world.refunds if (one.recorded_at or one.processed_at) <= as_of],
        disputes=[open_still(one) for one in world.disputes if one.opened_at <= as_of],
        lines=[one for one in world.lines if one.recorded_at <= as_of],
        bank_lines=[one for one in world.bank_lines if one.recorded_at <= as_of],
        sessions=[unclosed(one) for one in world.sessions if one.opened_at <= as_of],
        deposits=[one for one in world.deposits if one.recorded_at <= as_of],
        transfers=[one for one in world.transfers if one.told_at <= as_of],
    )


def leg_of(line: Line) -> str:
    return "L3" if line.gateway.startswith("pos") else "L1"


def refund_leg(refund: Refund, payment: Payment) -> str | None:
    """None for cash: the drawer's count is its evidence."""
    if refund.destination == "cash":
        return None
    if refund.destination == "bank_transfer":
        return "L5"
    return {"gateway": "L1", "pos": "L3"}.get(payment.channel, "L5")


def in_order(lines: Iterable[Line]) -> list[Line]:
    return sorted(
        lines,
        key=lambda one: (
            one.settled_at or one.created_at,
            one.settlement_id or "",
            one.entity_type,
            one.entity_id,
            one.line_id,
        ),
    )


def first_claims(claims: Iterable[tuple[str | None, int, datetime | None, str, T]]) -> dict[str, T]:
    """key -> its owner: those who still expect money before those who do not, then the earlier, then by id."""
    owners: dict[str, T] = {}
    for key, _, _, _, owner in sorted(claims, key=lambda claim: (claim[1] == 0, claim[2], claim[3])):
        if key is not None:
            owners.setdefault(key, owner)
    return owners


def payment_key(payment: Payment) -> str | None:
    if payment.channel == "gateway":
        return payment.gateway_payment_id and f"L1 {payment.gateway} {payment.gateway_payment_id}"
    if payment.channel == "pos":
        swipe = f"{payment.terminal_id}:{payment.auth_code}" if payment.terminal_id and payment.auth_code else None
        reference = payment.rrn or swipe
        return reference and f"L3 {reference}"
    return payment.rrn and f"L5 {payment.rrn}"


def refund_key(refund: Refund, payment: Payment) -> str | None:
    leg = refund_leg(refund, payment)
    if leg == "L1":
        return refund.gateway_refund_id and f"L1 {payment.gateway} {refund.gateway_refund_id}"
    reference = refund.reference or refund.gateway_refund_id
    return reference and f"{leg} {reference}"


def line_key(line: Line, key: str | None) -> str | None:
    if key is None:
        return None
    return f"L3 {key}" if leg_of(line) == "L3" else f"L1 {line.gateway} {key}"


def left_of(payment: Payment) -> int:
    return 0 if payment.reversed_at else payment.amount


def consume(left: int, lines: list[Line]) -> tuple[int, int, list[Line], list[Line]]:
    """(matched, excess, lines that count, duplicates in full)."""
    rem, excess, used, duplicates = left, 0, [], []
    for place, line in enumerate(in_order(lines)):
        if line.amount <= rem:
            rem -= line.amount
        elif place == 0:
            excess, rem = line.amount - rem, 0
        else:
            duplicates.append(line)
            continue
        used.append(line)
    return left - rem, excess, used, duplicates


def bank_claims(
    world: World, batch_utrs: dict[str, str], slips: dict[tuple[str, str], str], told_utrs: dict[str, str]
) -> dict[str, str]:
    """bank line -> the item it is evidence of, by the first rule that fits."""
    payments = {one.payment_id: one for one in world.payments}
    sales = first_claims(
        (payment_key(one), left_of(one), one.captured_at, one.payment_id, f"L5:qr:{one.payment_id}")
        for one in world.payments
        if one.captured_at and one.channel in ("static_qr", "direct_bank")
    )
    repaid = first_claims(
        (
            refund_key(one, payments[one.payment_id]),
            one.amount,
            one.processed_at,
            one.refund_id,
            f"L5:refund:{one.refund_id}",
        )
        for one in world.refunds
        if refund_leg(one, payments[one.payment_id]) == "L5"
    )
    return {
        line.bank_line_id: item
        for line in world.bank_lines
        if (item := _bank_claim(line, batch_utrs, slips, told_utrs, sales if line.side == "C" else repaid)) is not None
    }


def _bank_claim(
    line: BankLine,
    batch_utrs: dict[str, str],
    slips: dict[tuple[str, str], str],
    told_utrs: dict[str, str],
    owners: dict[str, str],
) -> str | None:
    if line.side == "C" and line.utr in batch_utrs:
        return batch_utrs[line.utr]
    if line.side == "C" and line.kind == "cash_deposit" and line.slip and (line.account, line.slip) in slips:
        return slips[line.account, line.slip]
    if line.side == "C" and line.utr in told_utrs:
        return told_utrs[line.utr]
    if line.kind in ("upi_qr", "unknown"):
        return owners.get(f"L5 {line.rrn}") or owners.get(f"L5 {line.utr}")
    return None


def overdue(as_of: datetime, after: date) -> bool:
    return local_day(as_of) > after


def grace(due: date, world: World) -> date:
    return terms.add_bank_days(due, terms.grace_days(world), world)
