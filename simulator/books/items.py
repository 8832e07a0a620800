"""What each payment, refund, settlement, drawer and slip must be called on a day, told from what was done to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from simulator.books.records import Batch, Deposit, Dispute, Drawer, Line, Receipt, Refund, Visit
from simulator.books.stays import Transfer
from simulator.calendar import day_of
from simulator.doors import Doors
from simulator.stage import House

TIMING = frozenset(
    {
        "in_transit",
        "on_hold",
        "partially_settled",
        "batch_in_transit",
        "deposit_in_transit",
        "qr_in_transit",
        "claim_in_transit",
    }
)
POSTED = frozenset(
    {
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
)
NOBODY = "-1"


@dataclass(slots=True)
class Item:
    """One item of the reconciliation as it must come out. `lines` are the rows that it consumed, in order."""

    item_id: str
    leg: str
    kind: str
    class_: str
    branch_id: str
    business_date: date
    due_on: date | None
    aged_from: date
    left: int
    matched: int
    excess: int = 0
    fee_variance: int = 0
    channel: str = ""
    mode: str = ""
    visit: Visit | None = None
    lines: tuple[Line, ...] = ()

    @property
    def right(self) -> int:
        return self.matched + self.excess

    @property
    def is_open(self) -> bool:
        return self.class_ not in POSTED


def items(house: House, doors: Doors, today: date) -> list[Item]:
    """Every item of a tenant as of the end of a day."""
    ledger = house.ledger
    found: list[Item] = []
    for receipt in ledger.receipts:
        if receipt.captured_at is not None and receipt.channel in ("gateway", "pos"):
            found.append(_payment(receipt, today))
        elif receipt.channel in ("static_qr", "direct_bank"):
            found.append(_qr(receipt, today))
    for refund in ledger.refunds:
        if refund.processed_at and refund.destination != "cash":
            found.append(_refund(refund, today) if refund.destination == "source" else _paid_back(refund, today))
    found += [_dispute(dispute) for dispute in ledger.disputes]
    found += [_batch(batch, today) for batch in ledger.batches]
    found += [_session(drawer) for drawer in ledger.drawers if drawer.closed_at is not None]
    found += [_deposit(deposit, today) for deposit in ledger.deposits]
    found += [_payer_transfer(transfer, today) for transfer in ledger.transfers]
    found += list(_stray(house, doors))
    return found


def _payment(receipt: Receipt, today: date) -> Item:
    assert receipt.captured_at is not None and receipt.due_on is not None and receipt.grace_on is not None
    leg, amount = "L1" if receipt.channel == "gateway" else "L3", 0 if receipt.is_reversed else receipt.amount_paise
    lines = tuple(line for line in receipt.lines if line.role not in ("held", "duplicate"))
    settled = sum(line.amount_paise for line in lines)
    is_overdue = today > receipt.grace_on
    if receipt.is_reversed:
        class_ = "netted_reversal"
    elif not lines:
        is_held = any(line.role == "held" for line in receipt.lines)
        class_ = "on_hold" if is_held else "missing_settlement" if is_overdue else "in_transit"
    elif settled > amount:
        class_ = "amount_mismatch_over"
    elif settled < amount:
        class_ = "amount_mismatch_short" if is_overdue else "partially_settled"
    else:
        class_ = "matched_fee_variance" if receipt.overcharged_paise else "matched"
    return Item(
        f"{leg}:payment:{receipt.id}",
        leg,
        "payment",
        class_,
        receipt.branch.id,
        day_of(receipt.captured_at),
        receipt.due_on,
        receipt.due_on,
        amount,
        min(settled, amount),
        max(0, settled - amount),
        receipt.overcharged_paise if class_ == "matched_fee_variance" else 0,
        receipt.channel,
        receipt.mode,
        receipt.appointment,
        lines,
    )


def _refund(refund: Refund, today: date) -> Item:
    assert refund.processed_at is not None and refund.due_on is not None and refund.grace_on is not None
    class_ = "matched" if refund.lines else "missing_settlement" if today > refund.grace_on else "in_transit"
    leg = "L1" if refund.receipt.channel == "gateway" else "L3"
    return Item(
        f"{leg}:refund:{refund.id}",
        leg,
        "refund",
        class_,
        refund.receipt.branch.id,
        day_of(refund.processed_at),
        refund.due_on,
        refund.due_on,
        refund.amount_paise,
        refund.amount_paise if refund.lines else 0,
        channel=refund.receipt.channel,
        mode=refund.receipt.mode,
        visit=refund.receipt.appointment,
        lines=tuple(refund.lines),
    )


def _paid_back(refund: Refund, today: date) -> Item:
    """A refund that leaves the bank account, wherever the money had come from."""
    assert refund.processed_at is not None and refund.due_on is not None and refund.grace_on is not None
    class_ = "qr_matched" if refund.banked_paise else "qr_missing" if today > refund.grace_on else "qr_in_transit"
    return Item(
        f"L5:refund:{refund.id}",
        "L5",
        "refund",
        class_,
        refund.receipt.branch.id,
        day_of(refund.processed_at),
        refund.due_on,
        refund.due_on,
        refund.amount_paise,
        refund.banked_paise,
        channel="direct_bank",
        mode="bank_transfer",
        visit=refund.receipt.appointment,
    )


def _dispute(dispute: Dispute) -> Item:
    """What the payer's bank has taken back: expected while it is open or lost, kept and released by the gateway."""
    kept = sum(line.debit_paise - line.credit_paise for line in dispute.lines)
    expected = 0 if dispute.state == "won" else dispute.amount_paise
    if dispute.state == "lost":
        class_ = "chargeback_lost"
    elif kept:
        class_ = "disputed"
    else:
        class_ = "matched" if dispute.state == "won" else "in_transit"
    receipt, on = dispute.receipt, day_of(dispute.opened_at)
    return Item(
        f"L1:dispute:{dispute.id}",
        "L1",
        "dispute",
        class_,
        receipt.branch.id,
        on,
        on,
        on,
        expected,
        min(expected, kept),
        max(0, kept - expected),
        channel=receipt.channel,
        mode=receipt.mode,
        visit=receipt.appointment,
    )


def _qr(receipt: Receipt, today: date) -> Item:
    assert receipt.captured_at is not None and receipt.due_on is not None and receipt.grace_on is not None
    if receipt.is_reversed:
        class_ = "netted_reversal"
    elif receipt.banked_paise:
        class_ = "qr_matched"
    else:
        class_ = "qr_missing" if today > receipt.grace_on else "qr_in_transit"
    return Item(
        f"L5:qr:{receipt.id}",
        "L5",
        "qr",
        class_,
        receipt.branch.id,
        day_of(receipt.captured_at),
        receipt.due_on,
        receipt.due_on,
        0 if receipt.is_reversed else receipt.amount_paise,
        receipt.banked_paise,
        channel=receipt.channel,
        mode=receipt.mode,
        visit=receipt.appointment,
    )


def batch_class(batch: Batch, today: date) -> str:
    if batch.is_negative:
        return "batch_carried_negative"
    if batch.banked_paise == batch.payout_paise:
        return "batch_matched"
    if batch.banked_paise:
        return "batch_amount_mismatch"
    return "batch_missing" if today > batch.grace_on else "batch_in_transit"


def _batch(batch: Batch, today: date) -> Item:
    return Item(
        f"L2:batch:{batch.gateway}/{batch.settlement_id}",
        "L2",
        "batch",
        batch_class(batch, today),
        NOBODY,
        batch.settled_on,
        batch.settled_on,
        batch.settled_on,
        batch.payout_paise,
        min(batch.payout_paise, batch.banked_paise),
        max(0, batch.banked_paise - batch.payout_paise),
    )


def _session(drawer: Drawer) -> Item:
    assert drawer.counted_paise is not None
    off, on = drawer.counted_paise - drawer.expected_paise, day_of(drawer.opened_at)
    return Item(
        f"L4:session:{drawer.id}",
        "L4",
        "session",
        "cash_short" if off < 0 else "cash_over" if off else "cash_balanced",
        drawer.branch.id,
        on,
        on,
        on,
        drawer.expected_paise,
        min(drawer.expected_paise, drawer.counted_paise),
        max(0, off),
        channel="drawer",
        mode="cash",
    )


def _deposit(deposit: Deposit, today: date) -> Item:
    if deposit.banked_paise == deposit.amount_paise:
        class_ = "deposit_matched"
    elif deposit.banked_paise:
        class_ = "deposit_mismatch"
    else:
        class_ = "deposit_missing" if today > deposit.grace_on else "deposit_in_transit"
    return Item(
        f"L4:deposit:{deposit.account}/{deposit.slip_no}",
        "L4",
        "deposit",
        class_,
        deposit.drawer.branch.id,
        deposit.deposited_on,
        deposit.due_on,
        deposit.due_on,
        deposit.amount_paise,
        min(deposit.amount_paise, deposit.banked_paise),
        max(0, deposit.banked_paise - deposit.amount_paise),
        channel="drawer",
        mode="cash",
    )


def _payer_transfer(transfer: Transfer, today: date) -> Item:
    if transfer.banked_paise == transfer.net_paise:
        class_ = "claim_matched"
    elif transfer.banked_paise:
        class_ = "claim_amount_mismatch"
    else:
        class_ = "claim_missing" if today > transfer.grace_on else "claim_in_transit"
    return Item(
        f"L6:claim:{transfer.utr}",
        "L6",
        "claim",
        class_,
        transfer.claim.stay.branch.id,
        transfer.paid_on,
        transfer.due_on,
        transfer.due_on,
        transfer.net_paise,
        min(transfer.net_paise, transfer.banked_paise),
        max(0, transfer.banked_paise - transfer.net_paise),
        channel="insurer",
    )


_STRAY = {
    "orphan": "orphan_settlement",
    "duplicate": "duplicate_settlement",
    "conflict": "status_conflict",
    "adjustment": "unexpected_adjustment",
}


def _stray(house: House, doors: Doors) -> Iterator[Item]:
    """Rows that no item of ours explains: they stand alone, with nothing on the left."""
    for line in house.ledger.stray_lines:
        assert line.recorded_on is not None
        evidence = line.credit_paise - line.debit_paise if line.entity_type == "adjustment" else line.amount_paise
        yield Item(
            f"L1:line:{doors.line_id(house.stage.profile.gateway.name, line)}",
            "L1",
            "line",
            _STRAY[line.role],
            line.receipt.branch.id if line.receipt else NOBODY,
            day_of(line.created_at),
            None,
            line.recorded_on,
            0,
            0,
            evidence,
            visit=line.receipt.appointment if line.receipt else None,
        )
    for credit in house.ledger.stray_credits:
        yield Item(
            f"L5:line:{credit.bank_line_id}",
            "L5",
            "line",
            "qr_orphan_credit",
            NOBODY,
            credit.value_on,
            None,
            credit.value_on,
            0,
            0,
            credit.amount_paise,
        )
