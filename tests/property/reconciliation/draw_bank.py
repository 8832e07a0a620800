"""What the bank says about a random world: payouts, deposits and transfers, right and wrong."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from mymedic.clock import INDIA
from tests.property.reconciliation.bank_legs import bank_items, expected_cash, expected_on
from tests.property.reconciliation.matching import Item
from tests.property.reconciliation.world import BankLine, Deposit, Transfer, World

LATER = datetime(2026, 12, 31, tzinfo=INDIA)


def draw_bank(draw: Random, world: World) -> None:
    _deposits(draw, world)
    _transfers(draw, world)
    writer = _Statement(draw, world)
    items = list(bank_items(world, LATER))
    together = _lump(draw, writer, items)
    for item in items:
        if item in together:
            continue
        refs: dict[str, Any] = {}
        if item.kind == "batch":
            refs = {"utr": max((line.utr for line in item.lines if line.utr), default=None)}
            refs["kind"] = draw.choice(("gateway", "gateway", "pos", "unknown"))
        elif item.kind == "deposit":
            account, slip = item.item_id.removeprefix("L4:deposit:").split("/")
            refs = {"account": account, "slip": slip, "kind": draw.choice(("cash_deposit", "cash_deposit", "unknown"))}
        elif item.kind == "qr":
            rrn = next(one.rrn for one in world.payments if one.payment_id == item.payment_id)
            refs = {draw.choice(("rrn", "rrn", "utr")): rrn, "kind": draw.choice(("upi_qr", "unknown", "gateway"))}
        elif item.kind == "claim":
            refs = {
                "utr": item.item_id.removeprefix("L6:claim:"),
                "kind": draw.choice(("insurer", "insurer", "unknown")),
            }
        elif item.kind == "refund":
            refund = next(one for one in world.refunds if f"L5:refund:{one.refund_id}" == item.item_id)
            refs = {"rrn": refund.reference or refund.gateway_refund_id, "kind": "unknown", "side": "D"}
        writer.about(item.left, expected_on(item) if item.due_on else item.business_date, refs)
    for _ in range(draw.choice((0, 0, 1, 2))):
        kind = draw.choice(("gateway", "pos", "upi_qr", "cash_deposit", "unknown", "insurer", "charges"))
        side = draw.choice(("C", "C", "D"))
        writer.line(
            draw.choice((100, 40_000, 39_000)), date(2026, 11, draw.randint(2, 16)), {"kind": kind, "side": side}
        )


def _lump(draw: Random, writer: _Statement, items: list[Item]) -> list[Item]:
    """Now and then one credit without a reference pays some items of a kind, or seems to."""
    kinds = {"claim": "insurer", "deposit": "cash_deposit", "qr": "upi_qr", "batch": "gateway"}
    alike = {kind: [item for item in items if item.kind == kind and item.left > 0] for kind in kinds}
    kind = next((kind for kind in kinds if len(alike[kind]) > 1 and draw.random() < 0.6), None)
    if kind is None:
        return []
    some = draw.sample(alike[kind], draw.randint(2, min(4, len(alike[kind]))))
    account = some[0].item_id.removeprefix("L4:deposit:").rpartition("/")[0] if kind == "deposit" else "bank_1"
    on = max(expected_on(item) for item in some) + timedelta(days=draw.choice((0, 0, 1)))
    for _ in range(draw.choice((1, 1, 2))):
        writer.line(
            sum(item.left for item in some) + draw.choice((0, 0, 0, 0, 1)),
            min(on, date(2026, 11, 16)),
            {"kind": kinds[kind], "account": account},
        )
    return some if draw.random() < 0.8 else some[1:]


class _Statement:
    def __init__(self, draw: Random, world: World) -> None:
        self.draw, self.world = draw, world

    def about(self, amount: int, on: date, refs: dict[str, Any]) -> None:
        """Lines about one expected amount: none, the right one, a wrong one, one without its reference, two."""
        fate = self.draw.choice(("none", "right", "right", "right", "wrong", "unreferenced", "twice", "halves"))
        on += timedelta(days=self.draw.choice((-1, 0, 0, 0, 1, 3)))
        if amount < 2 or fate == "none":
            return
        if fate == "unreferenced":
            refs = {name: value for name, value in refs.items() if name in ("kind", "side")}
        for part in {
            "wrong": (amount + self.draw.choice((-1, 5)),),
            "twice": (amount, amount),
            "halves": (amount // 2, amount - amount // 2),
        }.get(fate, (amount,)):
            self.line(part, on, refs)

    def line(self, amount: int, on: date, refs: dict[str, Any]) -> None:
        told = datetime(on.year, on.month, on.day, 21, tzinfo=INDIA) + timedelta(days=self.draw.choice((0, 0, 1, 6)))
        self.world.bank_lines.append(
            BankLine(
                bank_line_id=f"bline_{len(self.world.bank_lines):02d}",
                value_on=on,
                amount=amount,
                recorded_at=told,
                **refs,
            )
        )


def _deposits(draw: Random, world: World) -> None:
    for session in world.sessions:
        if session.closed_at and draw.random() < 0.7:
            taken_on = session.closed_at + timedelta(hours=2)
            world.deposits.append(
                Deposit(
                    cash_session_id=session.cash_session_id,
                    slip=draw.choice(("slip_1", "slip_1", "slip_2")),
                    account=draw.choice(("bank_1", "bank_1", "bank_2")),
                    amount=max(1, expected_cash(session, world) + session.variance),
                    deposited_on=taken_on.astimezone(INDIA).date(),
                    recorded_at=taken_on,
                )
            )


def _transfers(draw: Random, world: World) -> None:
    """Some sent long ago, so that they are overdue; two claims may share one transfer, and it is of one day."""
    for n in range(draw.choice((0, 0, 0, 2, 3))):
        utr = f"PAYER26000{draw.choice((n, n, n, 0))}"
        twin = next((one for one in world.transfers if one.utr == utr), None)
        paid_on = twin.paid_on if twin else date(2026, *draw.choice(((10, 12), (11, 9), (11, 10), (11, 11))))
        world.transfers.append(
            Transfer(
                claim_id=f"clm_{n}",
                payer_id=twin.payer_id if twin else draw.choice(("pyr_1", "pyr_1", "pyr_2")),
                utr=utr,
                amount=draw.choice((20_000, 40_000, 40_000, 70_100)),
                paid_on=paid_on,
                told_at=datetime(2026, 11, draw.choice((12, 14, 17)), 10, n, tzinfo=INDIA),
                branch_id=draw.choice(("brn_1", "brn_2")),
            )
        )
