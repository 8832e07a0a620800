"""Random small worlds: few amounts, few settlements and many accidents, so that everything meets everything."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from event_store.aggregates.payment.events import Channel, Destination, DisputeOutcome, Mode
from mymedic.clock import INDIA
from tests.property.reconciliation import terms
from tests.property.reconciliation.draw_bank import draw_bank
from tests.property.reconciliation.log import BRANCHES
from tests.property.reconciliation.world import (
    Appointment,
    CardType,
    Contract,
    Dispute,
    Line,
    Online,
    Payment,
    Refund,
    Session,
    World,
)

# Everything happens in November 2026; the books are looked at on Monday 16th, some of it later.
AS_OF = datetime(2026, 11, 16, 23, 59, tzinfo=INDIA)
AMOUNTS = (100, 101, 20_000, 40_000, 200_000, 200_001, 250_000)
GATEWAYS = ("razorpay", "cashfree")
ACQUIRERS = ("pos_hdfc", "pos_icici")


def moment(draw: Random, first: int = 2, last: int = 17) -> datetime:
    return datetime(2026, 11, draw.randint(first, last), draw.randint(0, 23), draw.randint(0, 59), tzinfo=INDIA)


def draw_world(case: int) -> World:
    draw = Random(f"reconciliation:{case}")
    world = World(
        tenant_id=f"ten_case_{case:04d}",
        holidays=tuple(date(2026, 11, day) for day in draw.sample(range(2, 25), draw.choice((0, 0, 1, 3)))),
        grace_days=draw.choice((None, None, 0, 1, 2)),
        qr_days=draw.choice((None, None, 0, 2)),
        contracts=tuple(_contract(draw) for _ in range(draw.choice((0, 0, 1, 2, 3)))),
        appointments=[Appointment(appointment_id=f"appt_{n}", practitioner_id=f"prac_{n % 2}") for n in range(3)],
    )
    world.contracts = tuple({(one.gateway, one.mode, one.effective_from): one for one in world.contracts}.values())
    for n in range(draw.randint(0, 2)):
        opened_at = moment(draw, 2, 15)
        world.sessions.append(
            Session(
                cash_session_id=f"cash_{n}",
                opened_at=opened_at,
                closed_at=draw.choice((None, opened_at + timedelta(hours=9), opened_at + timedelta(days=3))),
                petty=draw.choice((0, 0, 500)),
                variance=draw.choice((0, 0, -700, 300)),
                branch_id=draw.choice(BRANCHES),
            )
        )
    for n in range(draw.randint(1, 6)):
        world.payments.append(_payment(draw, world, n))
    for n, payment in enumerate(world.payments):
        if payment.captured_at and not payment.reversed_at:
            fate = draw.random()
            if fate < 0.4:
                world.refunds.append(_refund(draw, world, n, payment))
            elif fate < 0.5 and payment.channel in ("gateway", "pos"):
                world.disputes.append(_dispute(draw, n, payment))
    _draw_lines(draw, world)
    draw_bank(draw, world)
    return world


def shuffled(world: World, tenant_id: str) -> World:
    """The same world, but what files told until now came in another order."""
    draw = Random(f"shuffled:{world.tenant_id}")
    moments = [*(one.recorded_at for one in world.lines), *(one.recorded_at for one in world.bank_lines)]
    told = [at for at in moments if at <= AS_OF]
    draw.shuffle(told)
    return replace(
        world,
        tenant_id=tenant_id,
        lines=[replace(one, recorded_at=told.pop()) if one.recorded_at <= AS_OF else one for one in world.lines],
        bank_lines=[
            replace(one, recorded_at=told.pop()) if one.recorded_at <= AS_OF else one for one in world.bank_lines
        ],
    )


def _contract(draw: Random) -> Contract:
    modes: tuple[Online, ...] = ("upi", "card", "wallet")
    types: tuple[CardType | None, ...] = (None, "credit", "debit")
    mode = draw.choice(modes)
    return Contract(
        gateway=draw.choice((*GATEWAYS, "pos")),
        mode=mode,
        card_type=draw.choice(types) if mode == "card" else None,
        effective_from=date(2026, draw.choice((9, 11)), draw.choice((1, 8))),
        fee_bps=draw.choice((0, 33, 175)),
        fixed=draw.choice((0, 7)),
        minimum=draw.choice((0, 20)),
        maximum=draw.choice((None, 900)),
        gst_exempt_upto=draw.choice((0, 200_000)),
        settle_days=draw.randint(0, 3),
        cutoff=draw.choice((None, "00:00", "18:30")),
    )


def _payment(draw: Random, world: World, n: int) -> Payment:
    channels: tuple[Channel, ...] = ("gateway", "pos", "static_qr", "direct_bank", "drawer")
    modes: dict[Channel, Mode] = {"direct_bank": "bank_transfer", "drawer": "cash"}
    channel = draw.choices(channels, (5, 2, 2, 1, 2))[0]
    session = draw.choice(world.sessions) if channel == "drawer" and world.sessions else None
    at = session.opened_at + timedelta(minutes=10 + n) if session else moment(draw)
    reversed_at = at + timedelta(hours=draw.choice((1, 300))) if draw.random() < 0.12 and not session else None
    appointment_id = draw.choice((None, "appt_0", "appt_1", "appt_2"))
    payment = Payment(
        payment_id=f"pay_{n}",
        amount=draw.choice(AMOUNTS),
        channel=channel,
        mode=modes.get(channel, "upi"),
        captured_at=at,
        recorded_at=at + timedelta(days=draw.choice((0, 0, 0, 2))) if not session and not reversed_at else at,
        branch_id=session.branch_id if session else draw.choice(BRANCHES),
        appointment_id=appointment_id,
        cash_session_id=session.cash_session_id if session else None,
        rrn=f"6000000000{draw.randint(0, 3)}{n}" if channel in ("static_qr", "direct_bank") else None,
        reversed_at=reversed_at,
    )
    return {"gateway": _online, "pos": _at_the_terminal}.get(channel, lambda *_: payment)(draw, payment, n)


def _online(draw: Random, payment: Payment, n: int) -> Payment:
    assert payment.captured_at
    fate = draw.choices(("captured", "uncaptured", "authorised", "unnamed", "second"), (14, 2, 1, 1, 1))[0]
    modes: tuple[Mode, ...] = ("upi", "upi", "card", "card", "netbanking", "wallet")
    mode = draw.choice(modes)
    is_captured = fate not in ("uncaptured", "authorised")
    return replace(
        payment,
        mode=mode,
        card_type=draw.choice((None, "credit", "debit")) if mode == "card" else None,
        gateway=draw.choice(GATEWAYS),
        initiated_at=None if fate == "second" else payment.captured_at - timedelta(minutes=3),
        captured_at=payment.captured_at if is_captured else None,
        reversed_at=payment.reversed_at if is_captured else None,
        order_id=f"order_{n}",
        gateway_payment_id=f"pay_G{n}" if is_captured and fate != "unnamed" else None,
        authorised_id=f"pay_G{n}" if fate == "authorised" else None,
    )


def _at_the_terminal(draw: Random, payment: Payment, n: int) -> Payment:
    """RRNs come twice when an entry error was made and reversed; a card swipe may have none."""
    modes: tuple[Mode, ...] = ("upi", "card")
    mode = draw.choice(modes)
    has_rrn = mode == "upi" or draw.random() < 0.5
    return replace(
        payment,
        mode=mode,
        card_type=draw.choice((None, "credit", "debit")) if mode == "card" else None,
        rrn=f"70000000000{draw.randint(0, 1)}" if has_rrn else None,
        terminal_id="T1" if not has_rrn else None,
        auth_code=f"00000{draw.randint(0, 1)}" if not has_rrn else None,
    )


def _refund(draw: Random, world: World, n: int, payment: Payment) -> Refund:
    assert payment.captured_at
    ways: dict[Channel, tuple[Destination, ...]] = {
        "gateway": ("source", "source", "source", "bank_transfer", "cash"),
        "pos": ("source", "source", "bank_transfer"),
        "drawer": ("cash", "bank_transfer"),
    }
    destination = draw.choice(ways.get(payment.channel, ("bank_transfer", "source")))
    session = next((one for one in world.sessions if one.cash_session_id == payment.cash_session_id), None)
    processed_at = max(payment.captured_at, payment.recorded_at or payment.captured_at) + timedelta(
        minutes=draw.choice((5, 60))
    )
    return Refund(
        refund_id=f"rfd_{n}",
        payment_id=payment.payment_id,
        amount=draw.choice((payment.amount, max(1, payment.amount // 2))),
        processed_at=processed_at,
        recorded_at=processed_at + timedelta(days=draw.choice((0, 0, 1))) if destination != "cash" else None,
        destination=destination,
        speed=draw.choice(("normal", "normal", "instant", None)),
        gateway_refund_id=f"rfnd_G{n}" if payment.channel in ("gateway", "pos") and draw.random() < 0.9 else None,
        reference=f"80000000000{n}" if payment.channel != "gateway" and draw.random() < 0.8 else None,
        cash_session_id=session.cash_session_id if session and destination == "cash" else None,
    )


def _dispute(draw: Random, n: int, payment: Payment) -> Dispute:
    opened_at = (payment.recorded_at or payment.captured_at or AS_OF) + timedelta(days=1)
    outcomes: tuple[DisputeOutcome | None, ...] = (None, "won", "lost", "closed")
    outcome = draw.choice(outcomes)
    return Dispute(
        dispute_id=f"dsp_{n}",
        payment_id=payment.payment_id,
        amount=payment.amount,
        opened_at=opened_at,
        gateway_dispute_id=f"disp_G{n}",
        outcome=outcome,
        deducted=draw.choice((payment.amount, payment.amount // 2)) if outcome == "lost" else 0,
        resolved_at=opened_at + timedelta(days=2) if outcome else None,
    )


def _draw_lines(draw: Random, world: World) -> None:
    desk = _Desk(draw, world)
    for payment in world.payments:
        if payment.channel in ("gateway", "pos"):
            desk.payment_lines(payment)
    payments = {one.payment_id: one for one in world.payments}
    for refund in world.refunds:
        payment = payments[refund.payment_id]
        if payment.channel in ("gateway", "pos"):
            key = refund.gateway_refund_id if payment.channel == "gateway" else refund.reference
            desk.some(payment, "refund", key or "rfnd_unknown", refund.amount, 0, 0, refund.processed_at)
    for dispute in world.disputes:
        desk.hold_and_release(dispute, payments[dispute.payment_id])
    desk.strays()


class _Desk:
    """Writes settlement lines: four settlements, each with its day; a line may come in any file after that."""

    def __init__(self, draw: Random, world: World) -> None:
        self.draw, self.world = draw, world
        self.days = {f"setl_{n}": draw.randint(3, 16) for n in range(4)}
        self.utrs = {
            one: draw.choice((f"UTIBN26{one[-1]}", f"UTIBN26{one[-1]}", "UTIBN260", None)) for one in self.days
        }

    def line(self, payment: Payment | None, settlement_id: str | None, **facts: Any) -> None:
        draw, world = self.draw, self.world
        gateway = payment.gateway if payment and payment.channel == "gateway" else None
        if payment and payment.channel == "pos":
            gateway = draw.choice(ACQUIRERS)
        is_held = settlement_id is None
        day = datetime(2026, 11, self.days[settlement_id or "setl_0"], draw.choice((6, 7)), tzinfo=INDIA)
        world.lines.append(
            Line(
                **{
                    "line_id": f"sline_{len(world.lines):02d}",
                    "gateway": gateway or draw.choice((*GATEWAYS, *ACQUIRERS)),
                    "settlement_id": settlement_id,
                    "utr": self.utrs[settlement_id] if settlement_id else None,
                    "held": is_held,
                    "created_at": day - timedelta(days=1),
                    "settled_at": None if is_held else day,
                    "recorded_at": day + timedelta(hours=draw.choice((2, 2, 2, 60, 200))),
                    **facts,
                }
            )
        )

    def payment_lines(self, payment: Payment) -> None:
        draw, fee, tax = self.draw, 0, 0
        if payment.captured_at:
            fee, tax = terms.fee_and_tax(payment, self.world)
        swipe = f"{payment.terminal_id}:{payment.auth_code}" if payment.terminal_id else None
        key = (
            payment.gateway_payment_id or payment.authorised_id or payment.rrn or swipe or f"pay_X{payment.payment_id}"
        )
        at = (payment.captured_at or payment.initiated_at or AS_OF) + timedelta(minutes=draw.choice((0, 4, 30)))
        self.some(payment, "payment", key, payment.amount, fee, tax, at)

    def some(self, payment: Payment, entity: str, key: str, amount: int, fee: int, tax: int, at: datetime) -> None:
        """Lines of one payment or refund: none, one, a few, held or released ones, with all their mistakes."""
        draw = self.draw
        off = draw.choice((0, 0, 0, 1, 2, -2, 60))
        parts = draw.choice(
            (
                (),
                (),
                (amount,),
                (amount,),
                (amount,),
                (amount // 2,),
                (amount + 50,),
                (amount - amount // 2, amount // 2),
                (amount // 2, amount, amount - amount // 2),
                (amount, amount),
                (amount, amount // 2),
                (amount // 3, amount // 3, amount // 3),
            )
        )
        facts: dict[str, Any] = {
            "entity_type": entity,
            "entity_id": key,
            "created_at": at,
            "method": draw.choice((payment.mode, payment.mode, None)),
            "order_id": draw.choice((payment.order_id, payment.order_id, None)) if entity == "payment" else None,
        }
        if draw.random() < 0.15:
            self.line(payment, None, amount=amount, **facts)
        for place, settlement_id in enumerate(draw.sample(sorted(self.days), len(parts))):
            part = parts[place]
            costs = (max(0, fee + off), tax) if place == 0 else (0, 0)
            if sum(costs) > part and entity == "payment":
                costs = (0, 0)
            self.line(payment, settlement_id, amount=part, fee=costs[0], tax=costs[1], **facts)

    def hold_and_release(self, dispute: Dispute, payment: Payment) -> None:
        moves = self.draw.choice(((), ("debit",), ("debit", "credit"), ("credit",)))
        for move, settlement_id in zip(moves, self.draw.sample(sorted(self.days), len(moves)), strict=True):
            self.line(
                payment,
                settlement_id,
                entity_type="adjustment",
                entity_id=f"adj_{dispute.dispute_id}_{move}",
                dispute_id=dispute.gateway_dispute_id,
                amount=dispute.amount,
                **{move: dispute.amount},
            )

    def strays(self) -> None:
        draw = self.draw
        for n in range(draw.choice((0, 0, 1, 2))):
            amount = draw.choice(AMOUNTS)
            like = draw.choice(self.world.payments)
            at = (like.captured_at or AS_OF) + timedelta(minutes=draw.choice((-10, 0, 9, 11)))
            kind = draw.choice(("payment", "payment", "refund", "adjustment", "transfer"))
            money = {draw.choice(("credit", "debit")): amount} if kind in ("adjustment", "transfer") else {}
            self.line(
                draw.choice((like if like.channel in ("gateway", "pos") else None, None)),
                draw.choice(sorted(self.days)),
                entity_type=kind,
                entity_id=f"stray_{n}",
                amount=draw.choice((amount, like.amount)),
                created_at=at,
                method=draw.choice((like.mode, "upi")),
                order_id=draw.choice((None, None, like.order_id)),
                dispute_id=draw.choice((None, "disp_unknown")) if kind == "adjustment" else None,
                **money,
            )
