"""What comes nearest to an item without evidence, and to a line that nothing expects: each held against each."""

from __future__ import annotations

from datetime import date

from tests.property.reconciliation.matching import Item, first_claims, left_of, leg_of, payment_key
from tests.property.reconciliation.world import BankLine, Line, Payment, World

_WAITING = {"in_transit", "missing_settlement"} | {
    f"{thing}_{state}" for thing in ("batch", "deposit", "qr", "claim") for state in ("in_transit", "missing")
}
_ALONE = {"orphan_settlement", "unidentified_bank_credit", "deposit_mismatch", "qr_orphan_credit"}


def compare_sides(items: list[Item], world: World) -> None:
    """Fill in `near_…` of all that has no other side."""
    lines = [item for item in items if item.kind == "line" and item.category in _ALONE]
    expected = [
        item
        for item in items
        if item.kind in ("payment", "refund", "batch", "deposit", "qr", "claim")
        and (item.leg, item.kind) != ("L5", "refund")
    ]
    desk = _Desk(world)
    for item in expected:
        if item.category in _WAITING:
            _fill(item, [(line, desk.likeness(line, item)) for line in lines])
    for line in lines:
        _fill(line, [(item, desk.likeness(line, item)) for item in expected])


def _fill(item: Item, likenesses: list[tuple[Item, str | None]]) -> None:
    def off(other: Item) -> tuple[int, int]:
        line, awaited = (item, other) if item.kind == "line" else (other, item)
        return line.right - awaited.left, (line.business_date - _day(awaited)).days

    shared = [other for other, by in likenesses if by == "reference"]
    alike = [other for other, by in likenesses if by == "amount"]
    if shared:
        nearest = min(shared, key=lambda one: (*map(abs, off(one)), one.item_id))
    elif alike:
        nearest = min(alike, key=lambda one: (abs(off(one)[1]), _day(one), one.item_id))
    else:
        return
    item.near_ref, item.near_by = nearest.item_id, "reference" if shared else "amount"
    item.near_paise, item.near_days = off(nearest)


def _day(item: Item) -> date:
    """When an item is expected, or what day a line is of."""
    return item.business_date if item.leg in ("L1", "L3", "L6") or not item.due_on else item.due_on


class _Desk:
    def __init__(self, world: World) -> None:
        self._lines = {f"{leg_of(one)}:line:{one.line_id}": one for one in world.lines}
        self._credits = {one.bank_line_id: one for one in world.bank_lines}
        self._payments = {one.payment_id: one for one in world.payments}
        self._owners = first_claims(
            (payment_key(one), left_of(one), one.captured_at, one.payment_id, f"L5:qr:{one.payment_id}")
            for one in world.payments
            if one.captured_at and one.channel in ("static_qr", "direct_bank")
        )

    def likeness(self, line: Item, item: Item) -> str | None:
        told = self._lines.get(line.item_id) or self._credits[line.right_ref or ""]
        if self._has_reference(told, item):
            return "reference"
        same_pool = line.leg == item.leg
        if isinstance(told, Line):
            gateway = "pos" if line.leg == "L3" else told.gateway
            same_pool = same_pool and (told.entity_type, gateway) == (item.kind, item.gateway)
        waits = item.category in _WAITING
        return "amount" if same_pool and waits and line.right == item.left else None

    def _has_reference(self, told: Line | BankLine, item: Item) -> bool:
        """A line knows an order, a number of a transfer or a slip of the item."""
        payment: Payment | None = self._payments.get(item.payment_id or "")
        if isinstance(told, Line):
            is_sale = item.leg == "L1" and item.kind == "payment" and payment is not None
            return bool(
                is_sale
                and payment
                and told.entity_type == "payment"
                and told.order_id is not None
                and (told.order_id, told.gateway) == (payment.order_id, payment.gateway)
            )
        if item.kind == "qr":
            return item.item_id in {self._owners.get(f"L5 {one}") for one in (told.rrn, told.utr) if one}
        return item.kind == "deposit" and told.slip is not None and item.item_id.endswith(f"/{told.slip}")
