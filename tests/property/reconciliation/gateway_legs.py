"""Legs L1 and L3: what gateways and acquirers settle of payments, refunds and disputes, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from tests.property.reconciliation import terms
from tests.property.reconciliation.matching import (
    Item,
    consume,
    first_claims,
    grace,
    in_order,
    left_of,
    leg_of,
    line_key,
    overdue,
    payment_key,
    refund_key,
    refund_leg,
)
from tests.property.reconciliation.terms import local_day
from tests.property.reconciliation.world import Dispute, Line, Payment, Refund, World


def gateway_items(world: World, as_of: datetime) -> Iterator[Item]:
    payments = {one.payment_id: one for one in world.payments}
    expecting: dict[str, Payment | Refund] = {}
    for owners in (
        first_claims(
            (payment_key(one), left_of(one), one.captured_at, one.payment_id, one)
            for one in world.payments
            if one.captured_at and one.channel in ("gateway", "pos")
        ),
        first_claims(
            (refund_key(one, payments[one.payment_id]), one.amount, one.processed_at, one.refund_id, one)
            for one in world.refunds
            if refund_leg(one, payments[one.payment_id]) in ("L1", "L3")
        ),
    ):
        expecting |= {f"{type(one).__name__} {key}": one for key, one in owners.items()}
    mine: dict[int, list[Line]] = {}
    alone: list[tuple[Line, str, Payment | None]] = []
    for line in in_order(world.lines):
        if line.entity_type not in ("payment", "refund"):
            continue
        kind = "Payment" if line.entity_type == "payment" else "Refund"
        owner = expecting.get(f"{kind} {line_key(line, line.entity_id)}")
        if owner is not None:
            mine.setdefault(id(owner), []).append(line)
        elif not line.held:
            conflict = _conflict(line, world)
            alone.append((line, "status_conflict" if conflict else "orphan_settlement", conflict))
    items: list[Item] = []
    for payment in world.payments:
        if payment.captured_at and payment.channel in ("gateway", "pos"):
            due = terms.payment_due(payment, world)
            item = Item(
                item_id=f"{'L3' if payment.channel == 'pos' else 'L1'}:payment:{payment.payment_id}",
                leg="L3" if payment.channel == "pos" else "L1",
                kind="payment",
                branch_id=payment.branch_id,
                channel=payment.channel,
                mode=payment.mode,
                gateway="pos" if payment.channel == "pos" else payment.gateway,
                business_date=local_day(payment.captured_at),
                aged_from=due,
                due_on=due,
                overdue_after=grace(due, world),
                left=left_of(payment),
                payment_id=payment.payment_id,
            )
            item.fee_expected, item.tax_expected = terms.fee_and_tax(payment, world)
            alone += _settle(item, mine.get(id(payment), []), payment, as_of)
            items.append(item)
    for refund in world.refunds:
        payment = payments[refund.payment_id]
        leg = refund_leg(refund, payment)
        if leg in ("L1", "L3"):
            due = terms.refund_due(refund, payment, leg, world)
            item = Item(
                item_id=f"{leg}:refund:{refund.refund_id}",
                leg=leg,
                kind="refund",
                branch_id=payment.branch_id,
                channel=payment.channel,
                mode=payment.mode,
                gateway="pos" if leg == "L3" else payment.gateway,
                business_date=local_day(refund.processed_at),
                aged_from=due,
                due_on=due,
                overdue_after=grace(due, world),
                left=refund.amount,
                payment_id=refund.payment_id,
            )
            alone += _settle(item, mine.get(id(refund), []), payment, as_of, is_instant=refund.speed == "instant")
            items.append(item)
    yield from items
    proposals = _proposals([line for line, why, _ in alone if why == "orphan_settlement"], items, payments)
    for line, why, owner_payment in alone:
        yield _alone(line, why, owner_payment, line.amount, proposals.get(line.line_id))
    yield from _adjustments(world, payments)


def _settle(
    item: Item, lines: list[Line], payment: Payment, as_of: datetime, is_instant: bool = False
) -> list[tuple[Line, str, Payment | None]]:
    """Fill the item from its lines; the lines that it has no room for come back as duplicates."""
    settled = [one for one in lines if not one.held]
    item.matched, item.excess, item.lines, duplicates = consume(item.left, settled)
    item.right = item.matched + item.excess
    item.fee_charged = sum(one.fee for one in item.lines)
    item.tax_charged = sum(one.tax for one in item.lines)
    if is_instant:
        item.fee_expected, item.tax_expected = item.fee_charged, item.tax_charged
    if item.lines:
        item.right_ref, item.settlement_id = item.lines[0].line_id, item.lines[0].settlement_id
    assert item.overdue_after
    late = overdue(as_of, item.overdue_after)
    fee_off = abs(item.fee_charged - item.fee_expected) > 1 or abs(item.tax_charged - item.tax_expected) > 1
    if item.right == 0 and item.left == 0:
        item.category = "netted_reversal"
    elif item.right == 0 and lines and not settled:
        item.category = "on_hold"
    elif item.right == 0:
        item.category = "missing_settlement" if late else "in_transit"
    elif item.excess:
        item.category = "amount_mismatch_over"
    elif item.matched < item.left:
        item.category = "amount_mismatch_short" if late else "partially_settled"
    else:
        item.category = "matched_fee_variance" if fee_off else "matched"
    return [(one, "duplicate_settlement", payment) for one in duplicates]


def _conflict(line: Line, world: World) -> Payment | None:
    if line.entity_type != "payment":
        return None
    for payment in world.payments:
        uncaptured = payment.captured_at is None or payment.gateway_payment_id is None
        if payment.channel != "gateway" or not payment.order_id or not uncaptured or payment.gateway != line.gateway:
            continue
        by_id = payment.captured_at is None and payment.authorised_id == line.entity_id
        if by_id or (line.order_id is not None and payment.order_id == line.order_id):
            return payment
    return None


def _alone(line: Line, why: str, payment: Payment | None, right: int, proposed: str | None = None) -> Item:
    return Item(
        item_id=f"{leg_of(line)}:line:{line.line_id}",
        leg=leg_of(line),
        kind="line",
        category=why,
        branch_id=payment.branch_id if payment else "-1",
        channel="pos" if leg_of(line) == "L3" else "gateway",
        mode=line.method,
        gateway=line.gateway,
        business_date=local_day(line.created_at),
        aged_from=local_day(line.recorded_at),
        left=0,
        right=right,
        excess=right,
        payment_id=payment.payment_id if payment else None,
        fee_charged=line.fee,
        tax_charged=line.tax,
        right_ref=line.line_id,
        settlement_id=line.settlement_id,
        proposed_ref=proposed,
        lines=[line],
    )


def _proposals(orphans: list[Line], items: list[Item], payments: dict[str, Payment]) -> dict[str, str]:
    """line -> the one item it resembles, when it is that item's only likeness too."""
    alike = []
    for line in orphans:
        for item in items:
            if item.kind != "payment" or item.category not in ("in_transit", "missing_settlement"):
                continue
            captured_at = payments[item.payment_id or ""].captured_at
            assert captured_at
            if (
                line.entity_type == "payment"
                and item.leg == leg_of(line)
                and item.gateway == ("pos" if item.leg == "L3" else line.gateway)
                and item.mode == line.method
                and item.left == line.amount
                and abs(line.created_at - captured_at) <= timedelta(minutes=10)
            ):
                alike.append((line.line_id, item.item_id))
    return {
        line: item
        for line, item in alike
        if sum(one == line for one, _ in alike) == 1 and sum(one == item for _, one in alike) == 1
    }


def _adjustments(world: World, payments: dict[str, Payment]) -> Iterator[Item]:
    lines = [one for one in world.lines if one.entity_type in ("adjustment", "transfer") and not one.held]
    explained: set[str] = set()
    for dispute in world.disputes:
        payment = payments[dispute.payment_id]
        held = [
            line
            for line in lines
            if line.entity_type == "adjustment"
            and line.dispute_id == dispute.gateway_dispute_id
            and leg_of(line) == ("L3" if payment.channel == "pos" else "L1")
            and (payment.channel == "pos" or line.gateway == payment.gateway)
        ]
        explained |= {line.line_id for line in held}
        yield _dispute(dispute, payment, held)
    for line in lines:
        if line.line_id not in explained:
            yield _alone(line, "unexpected_adjustment", None, line.credit - line.debit)


def _dispute(dispute: Dispute, payment: Payment, held: list[Line]) -> Item:
    left = {None: dispute.amount, "lost": dispute.deducted}.get(dispute.outcome, 0)
    right = sum(line.debit - line.credit for line in held)
    if dispute.outcome == "lost":
        category = "chargeback_lost"
    elif dispute.outcome is None:
        category = "disputed" if right else "in_transit"
    else:
        category = "disputed" if right else "matched"
    leg = "L3" if payment.channel == "pos" else "L1"
    return Item(
        item_id=f"{leg}:dispute:{dispute.dispute_id}",
        leg=leg,
        kind="dispute",
        category=category,
        branch_id=payment.branch_id,
        channel=payment.channel,
        mode=payment.mode,
        gateway="pos" if leg == "L3" else payment.gateway,
        business_date=local_day(dispute.opened_at),
        aged_from=local_day(dispute.opened_at),
        due_on=local_day(dispute.opened_at),
        left=left,
        right=right,
        matched=max(min(left, right), 0),
        excess=max(right - left, 0),
        payment_id=payment.payment_id,
        right_ref=min((line.line_id for line in held), default=None),
        settlement_id=min((line.settlement_id or "" for line in held), default=None),
    )
