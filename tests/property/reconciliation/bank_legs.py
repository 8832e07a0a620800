"""Legs L2, L4, L5 and L6: what the bank and the drawers say of payouts, deposits, transfers and counted cash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import combinations

from tests.property.reconciliation import terms
from tests.property.reconciliation.matching import Item, bank_claims, grace, left_of, overdue, refund_leg
from tests.property.reconciliation.terms import local_day
from tests.property.reconciliation.world import BankLine, Line, Session, World


def bank_items(world: World, as_of: datetime) -> Iterator[Item]:
    batches = _batches(world)
    utrs: dict[str, str] = {}
    # a batch that is paid nothing expects no transfer
    for item, utr in sorted(batches, key=lambda one: one[0].left == 0):
        if utr:
            utrs.setdefault(utr, item.item_id)
    slips = {(one.account, one.slip): f"L4:deposit:{one.account}/{one.slip}" for one in world.deposits}
    told_utrs = {one.utr: f"L6:claim:{one.utr}" for one in world.transfers}
    claims = bank_claims(world, utrs, slips, told_utrs)
    evidence: dict[str, list[BankLine]] = {}
    for line in world.bank_lines:
        if line.bank_line_id in claims:
            evidence.setdefault(claims[line.bank_line_id], []).append(line)
    awaited = [item for item, _ in batches]
    awaited += [*_deposits(world, as_of, {}), *_transfers(world, as_of, {}), *_of_payers(world, as_of, {})]
    waiting = [item for item in awaited if item.left and item.kind != "refund" and item.item_id not in evidence]
    lumps, proposals = _lumps(world, claims, waiting)
    for line, item in lumps:
        claims[line.bank_line_id] = item.item_id
        evidence[item.item_id] = [replace(line, amount=item.left)]
    for item, _ in batches:
        item.overdue_after = grace(item.business_date, world)
        owed = item.left
        _bank(item, evidence.get(item.item_id), as_of, "batch")
        if item.right == owed == 0 and item.fee_expected < 0:
            item.category = "batch_carried_negative"
        elif item.right == owed:
            item.category = "batch_matched"
        item.fee_expected = 0
        yield item
    yield from _deposits(world, as_of, evidence)
    yield from _transfers(world, as_of, evidence)
    yield from _of_payers(world, as_of, evidence)
    yield from _bank_alone(world, claims, proposals)


_LEGS = {"gateway": "L2", "pos": "L2", "cash_deposit": "L4", "upi_qr": "L5", "unknown": "L5", "insurer": "L6"}
# More waiting items than this, and no sum of several proves anything.
_MOST = 10


def _lumps(
    world: World, claims: dict[str, str], waiting: list[Item]
) -> tuple[list[tuple[BankLine, Item]], dict[str, str]]:
    """(credits and the items that they pay together, credit -> the set that a person may link)."""
    found = {
        line.bank_line_id: (line, _sums(line, waiting, world))
        for line in world.bank_lines
        if line.bank_line_id not in claims and line.side == "C" and line.kind in _LEGS
    }
    lumps, proposals = [], {}
    for key, (line, sums) in found.items():
        mine = {item.item_id for some in sums for item in some}
        others = {item.item_id for other, (_, more) in found.items() if other != key for some in more for item in some}
        is_certain = len(sums) == 1 and not mine & others
        sums.sort(key=lambda some: (len(some), _names(some)))
        if is_certain and len(sums[0]) > 1:
            lumps += [(line, item) for item in sums[0]]
        elif is_certain or any(len(some) > 1 for some in sums):
            proposals[key] = _names(sums[0])
    return lumps, proposals


def _names(items: tuple[Item, ...]) -> str:
    return ",".join(sorted(item.item_id for item in items))


def _sums(line: BankLine, waiting: list[Item], world: World) -> list[tuple[Item, ...]]:
    """Every set of items of one payer, expected within two bank days of the credit, that adds up to it."""
    payers: dict[str, list[Item]] = {}
    for item in waiting:
        days = _bank_days(line.value_on, world) - _bank_days(expected_on(item), world)
        account = item.item_id.removeprefix("L4:deposit:").rpartition("/")[0]
        if item.leg != _LEGS[line.kind] or abs(days) > 2 or (item.leg == "L4" and account != line.account):
            continue
        if item.left <= line.amount:
            payer = {"L2": item.gateway or "", "L6": item.payer_id or ""}.get(item.leg, "")
            payers.setdefault(payer, []).append(item)
    return [
        some
        for items in payers.values()
        for size in range(1, (len(items) if len(items) <= _MOST else 1) + 1)
        for some in combinations(items, size)
        if sum(item.left for item in some) == line.amount
    ]


def expected_on(item: Item) -> date:
    """A payer's transfer comes when it is sent; it is due when it is too late."""
    assert item.due_on
    return item.business_date if item.leg == "L6" else item.due_on


def settled_on(line: Line) -> date:
    return local_day(line.settled_at or line.created_at)


def _batches(world: World) -> list[tuple[Item, str | None]]:
    """Payouts in the order in which UTRs are claimed; a batch's closing debt waits in `fee_expected` meanwhile."""
    groups: dict[tuple[str, str], list[Line]] = {}
    for line in world.lines:
        if not line.held:
            groups.setdefault((line.gateway, line.settlement_id or ""), []).append(line)
    found = []
    for (gateway, settlement_id), lines in groups.items():
        day = min(settled_on(line) for line in lines)
        found.append((day, gateway, settlement_id, lines))
    debts: dict[str, int] = {}
    batches = []
    for day, gateway, settlement_id, lines in sorted(found, key=lambda one: one[:3]):
        net = sum(net_of(line) for line in lines) + debts.get(gateway, 0)
        debts[gateway] = min(net, 0)
        item = Item(
            item_id=f"L2:batch:{gateway}/{settlement_id}",
            leg="L2",
            kind="batch",
            branch_id="-1",
            channel="pos" if gateway.startswith("pos") else "gateway",
            gateway=gateway,
            business_date=day,
            aged_from=day,
            due_on=day,
            left=max(net, 0),
            fee_expected=debts[gateway],
            settlement_id=settlement_id,
            lines=lines,
        )
        batches.append((item, max((line.utr for line in lines if line.utr), default=None)))
    return batches


def net_of(line: Line) -> int:
    if line.entity_type == "payment":
        return line.amount - line.fee - line.tax
    if line.entity_type == "refund":
        return -(line.amount + line.fee + line.tax)
    return line.credit - line.debit


def _bank(item: Item, lines: list[BankLine] | None, as_of: datetime, prefix: str) -> None:
    """Weigh an item against the bank lines that are its evidence."""
    item.credits = lines or []
    item.right = sum(line.amount for line in lines or [])
    item.right_ref = min((line.bank_line_id for line in lines or []), default=None)
    item.matched, item.excess = min(item.left, item.right), max(item.right - item.left, 0)
    mismatch = "mismatch" if prefix == "deposit" else "amount_mismatch"
    assert item.overdue_after
    if lines:
        item.category = f"{prefix}_matched" if item.right == item.left else f"{prefix}_{mismatch}"
    else:
        item.category = f"{prefix}_missing" if overdue(as_of, item.overdue_after) else f"{prefix}_in_transit"


def _deposits(world: World, as_of: datetime, evidence: dict[str, list[BankLine]]) -> Iterator[Item]:
    branch_of = {one.cash_session_id: one.branch_id for one in world.sessions}
    for key in sorted({(one.account, one.slip) for one in world.deposits}):
        shares = [one for one in world.deposits if (one.account, one.slip) == key]
        branches = {branch_of[one.cash_session_id] for one in shares}
        day = min(one.deposited_on for one in shares)
        due = terms.add_bank_days(day, 1, world)
        item = Item(
            item_id=f"L4:deposit:{key[0]}/{key[1]}",
            leg="L4",
            kind="deposit",
            branch_id=branches.pop() if len(branches) == 1 else "-1",
            channel="drawer",
            mode="cash",
            business_date=day,
            aged_from=due,
            due_on=due,
            overdue_after=grace(due, world),
            left=sum(one.amount for one in shares),
        )
        _bank(item, evidence.get(item.item_id), as_of, "deposit")
        yield item


def _transfers(world: World, as_of: datetime, evidence: dict[str, list[BankLine]]) -> Iterator[Item]:
    payments = {one.payment_id: one for one in world.payments}
    for payment in world.payments:
        if payment.captured_at and payment.channel in ("static_qr", "direct_bank"):
            due = terms.payment_due(payment, world)
            item = Item(
                item_id=f"L5:qr:{payment.payment_id}",
                leg="L5",
                kind="qr",
                branch_id=payment.branch_id,
                channel=payment.channel,
                mode=payment.mode,
                gateway=payment.channel,
                business_date=local_day(payment.captured_at),
                aged_from=due,
                due_on=due,
                overdue_after=grace(due, world),
                left=left_of(payment),
                payment_id=payment.payment_id,
            )
            _bank(item, evidence.get(item.item_id), as_of, "qr")
            if not item.left and not item.right:
                item.category = "netted_reversal"
            yield item
    for refund in world.refunds:
        payment = payments[refund.payment_id]
        if refund_leg(refund, payment) == "L5":
            due = terms.refund_due(refund, payment, "L5", world)
            by_transfer = refund.destination == "bank_transfer"
            item = Item(
                item_id=f"L5:refund:{refund.refund_id}",
                leg="L5",
                kind="refund",
                branch_id=payment.branch_id,
                channel="direct_bank" if by_transfer else payment.channel,
                mode="bank_transfer" if by_transfer else payment.mode,
                gateway=payment.gateway if payment.channel == "gateway" else payment.channel,
                business_date=local_day(refund.processed_at),
                aged_from=due,
                due_on=due,
                overdue_after=grace(due, world),
                left=refund.amount,
                payment_id=refund.payment_id,
            )
            _bank(item, evidence.get(item.item_id), as_of, "qr")
            yield item


def _of_payers(world: World, as_of: datetime, evidence: dict[str, list[BankLine]]) -> Iterator[Item]:
    for utr in sorted({one.utr for one in world.transfers}):
        parts = [one for one in world.transfers if one.utr == utr]
        branches = {one.branch_id for one in parts}
        day = min(one.paid_on for one in parts)
        due = terms.add_bank_days(day + timedelta(days=30), 0, world)
        item = Item(
            item_id=f"L6:claim:{utr}",
            leg="L6",
            kind="claim",
            branch_id=branches.pop() if len(branches) == 1 else "-1",
            channel="insurer",
            gateway="insurer",
            business_date=day,
            aged_from=due,
            due_on=due,
            overdue_after=grace(due, world),
            left=sum(one.amount for one in parts),
            payer_id=min(one.payer_id for one in parts),
        )
        _bank(item, evidence.get(item.item_id), as_of, "claim")
        yield item


def _bank_alone(world: World, claims: dict[str, str], proposals: dict[str, str]) -> Iterator[Item]:
    alone = [
        line for line in world.bank_lines if line.bank_line_id not in claims and line.side == "C" and line.kind in _LEGS
    ]
    for line in alone:
        leg = _LEGS[line.kind]
        yield Item(
            item_id=f"{leg}:line:{line.bank_line_id}",
            leg=leg,
            kind="line",
            category={"L4": "deposit_mismatch", "L5": "qr_orphan_credit"}.get(leg, "unidentified_bank_credit"),
            branch_id="-1",
            channel={"L4": "drawer", "L5": "static_qr"}.get(leg, line.kind),
            business_date=line.value_on,
            aged_from=local_day(line.recorded_at),
            left=0,
            right=line.amount,
            excess=line.amount,
            right_ref=line.bank_line_id,
            proposed_ref=proposals.get(line.bank_line_id),
        )


def _bank_days(day: date, world: World) -> int:
    """Bank days of 2026 up to and including a day."""
    days = (date(2026, 1, 1) + timedelta(days=n) for n in range(day.timetuple().tm_yday))
    return sum(terms.is_bank_day(one, world) for one in days)


def expected_cash(session: Session, world: World) -> int:
    """Float, sales and repayments of a drawer; a reversed sale went out again."""
    sales = [one for one in world.payments if one.cash_session_id == session.cash_session_id and one.captured_at]
    repaid = [one for one in world.refunds if one.cash_session_id == session.cash_session_id]
    return session.opening - session.petty + sum(left_of(one) for one in sales) - sum(one.amount for one in repaid)


def session_items(world: World, as_of: datetime) -> Iterator[Item]:
    for session in world.sessions:
        if session.closed_at is None:
            continue
        expected = expected_cash(session, world)
        counted = expected + session.variance
        day = local_day(session.opened_at)
        yield Item(
            item_id=f"L4:session:{session.cash_session_id}",
            leg="L4",
            kind="session",
            category="cash_balanced" if not session.variance else "cash_short" if session.variance < 0 else "cash_over",
            branch_id=session.branch_id,
            channel="drawer",
            mode="cash",
            business_date=day,
            aged_from=day,
            due_on=day,
            left=expected,
            right=counted,
            matched=min(expected, counted),
            excess=max(counted - expected, 0),
            right_ref=session.cash_session_id,
        )
