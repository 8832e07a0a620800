"""What a gateway may charge and by when money is due, worked out one day and one contract at a time."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from mymedic.clock import INDIA
from tests.property.reconciliation.world import Contract, Payment, Refund, World

ALWAYS = date(1900, 1, 1)


def local_day(at: datetime) -> date:
    return at.astimezone(INDIA).date()


def is_bank_day(day: date, world: World) -> bool:
    if day.isoweekday() == 7 or day in world.holidays:
        return False
    return not (day.isoweekday() == 6 and (day.day + 6) // 7 in (2, 4))


def add_bank_days(day: date, days: int, world: World) -> date:
    while days:
        day += timedelta(days=1)
        days -= is_bank_day(day, world)
    return day


def grace_days(world: World) -> int:
    return 1 if world.grace_days is None else world.grace_days


def qr_days(world: World) -> int:
    return 1 if world.qr_days is None else world.qr_days


def _default(payment: Payment) -> Contract:
    """What holds without an agreement; nobody reads its mode again."""
    rates = {"upi": 0, "netbanking": 0, "wallet": 190, "card": 180 if payment.channel == "pos" else 200}
    rate, fixed = rates[payment.mode], 1_500 if payment.mode == "netbanking" else 0
    if payment.card_type == "debit":
        rate = 40 if payment.amount <= 200_000 else 90
    days = 1 if payment.channel == "pos" else 2
    return Contract(gateway="*", mode="upi", effective_from=ALWAYS, fee_bps=rate, fixed=fixed, settle_days=days)


def contract(payment: Payment, world: World) -> Contract:
    """The gateway's own row before the default, the card's own before the one for all cards, the latest in force."""
    assert payment.captured_at
    gateway = "pos" if payment.channel == "pos" else payment.gateway
    day = local_day(payment.captured_at)
    card = (payment.card_type or "credit") if payment.mode == "card" else None
    for wanted in (card, None):
        offers = [
            one
            for one in world.contracts
            if (one.gateway, one.mode, one.card_type) == (gateway, payment.mode, wanted) and one.effective_from <= day
        ]
        if offers:
            return max(offers, key=lambda one: one.effective_from)
    return _default(payment)


def fee_and_tax(payment: Payment, world: World) -> tuple[int, int]:
    """On what was captured and not reversed; halves round up."""
    terms, amount = contract(payment, world), 0 if payment.reversed_at else payment.amount
    fee = (amount * terms.fee_bps + 5_000) // 10_000 + terms.fixed
    fee = max(fee, terms.minimum)
    if terms.maximum is not None:
        fee = min(fee, terms.maximum)
    exempt = payment.mode == "card" and amount <= terms.gst_exempt_upto
    return fee, 0 if exempt else (fee * 1_800 + 5_000) // 10_000


def _after_cutoff(at: datetime, terms: Contract) -> date:
    day = local_day(at)
    if terms.cutoff and at.astimezone(INDIA).time() >= time.fromisoformat(terms.cutoff):
        day += timedelta(days=1)
    return day


def payment_due(payment: Payment, world: World) -> date:
    assert payment.captured_at
    if payment.channel in ("static_qr", "direct_bank"):
        return add_bank_days(local_day(payment.captured_at), qr_days(world), world)
    terms = contract(payment, world)
    return add_bank_days(_after_cutoff(payment.captured_at, terms), terms.settle_days, world)


def refund_due(refund: Refund, payment: Payment, leg: str, world: World) -> date:
    if leg == "L5":
        return add_bank_days(local_day(refund.processed_at), qr_days(world), world)
    terms = contract(payment, world)
    return add_bank_days(_after_cutoff(refund.processed_at, terms), terms.settle_days, world)
