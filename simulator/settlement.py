"""The gateway settles: rows due on a bank day become a settlement, a file and money on its way, faults included."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

from simulator import files
from simulator.bank import Bank
from simulator.batching import Batcher
from simulator.books.records import Batch, Dispute, Line, Receipt, Refund
from simulator.calendar import bank_days_after, day_of, local
from simulator.doors import Doors
from simulator.fees import Fees
from simulator.line_faults import SHARE, LineFaults
from simulator.stage import House

GRACE_DAYS = 1
# What the gateway takes for a refund that arrives at once, and the tax on it.
INSTANT_FEE, INSTANT_TAX = 500, 90
# A settlement that the bank may credit wrongly is larger than the difference and than all that faults take from it.
LEAST_MISPAID = 200_000


class Settlement:
    """What the gateway owes, by the day on which it is due, and the composing of each day's file."""

    def __init__(self, house: House, bank: Bank, doors: Doors, fees: Fees) -> None:
        self._house = house
        self._bank = bank
        self._doors = doors
        self._fees = fees
        self._table = house.stage.profile.gateway
        self._holidays = house.stage.profile.calendar.bank_holidays
        self._due: dict[date, list[Line]] = defaultdict(list)
        self._moved: dict[date, list[Line]] = defaultdict(list)
        # What each day would come to if nothing went wrong: no fault decides where another finds a place.
        self._base: dict[date, int] = defaultdict(int)
        self._holds: list[Line] = []
        self._batcher = Batcher(house, self._table.name, "setl", "HDFCR")
        self._line_faults = LineFaults(house, fees, self._moved, self._holidays)

    def due_on(self, paid_on: date) -> date:
        return bank_days_after(paid_on, self._table.settle_days, self._holidays)

    def grace_on(self, due_on: date) -> date:
        return bank_days_after(due_on, GRACE_DAYS, self._holidays)

    def owe_payment(self, receipt: Receipt) -> None:
        assert receipt.paid_at is not None
        receipt.due_on = self.due_on(day_of(receipt.paid_at))
        receipt.grace_on = self.grace_on(receipt.due_on)
        line = payment_line(receipt, "whole", receipt.amount_paise, self._fees)
        line.is_extra = receipt.is_extra
        self._base[receipt.due_on] += 0 if receipt.is_extra else line.credit_paise
        self._due[receipt.due_on].append(line)

    def owe_refund(self, refund: Refund, is_told: bool = True) -> None:
        """A refund is kept from the settlement of its due day, and stands in its file unless it is forgotten (F17)."""
        assert refund.processed_at is not None and refund.gateway_refund_id is not None
        refund.due_on = self.due_on(day_of(refund.processed_at))
        refund.grace_on = self.grace_on(refund.due_on)
        amount, is_first = refund.amount_paise, refund.attempts == 1
        fee, tax = _charge(refund)
        line = Line(
            "refund", "refund", refund.gateway_refund_id, amount, fee, tax, 0, amount + fee + tax, refund.processed_at
        )
        line.refund, line.is_extra = refund, refund.receipt.is_extra or not is_first
        if not line.is_extra:
            self._base[refund.due_on] -= line.debit_paise
        if is_told:
            self._due[refund.due_on].append(line)

    def miss_refund(self, refund: Refund) -> None:
        """A refund that would have been paid today has failed."""
        self._base[self.due_on(day_of(self._house.now))] -= refund.amount_paise + sum(_charge(refund))

    def hold(self, dispute: Dispute) -> None:
        """Keep a disputed payment from the next settlement that is large enough."""
        self._holds.append(_adjustment(self._house, dispute, "hold", 0, dispute.amount_paise))

    def release(self, dispute: Dispute) -> None:
        """Pay out on the next bank day what was kept for a dispute."""
        line = _adjustment(self._house, dispute, "release", dispute.amount_paise, 0)
        self._moved[bank_days_after(day_of(self._house.now), 1, self._holidays)].append(line)

    def plan_day(self, on: date) -> None:
        """Put the day's file on the agenda, in case anything is due."""
        self._house.plan(local(on, self._table.file_at), "1 settlement", f"{on}", lambda: self._settle(on))

    def is_done(self) -> bool:
        return not self._due and not self._moved and not self._holds

    def _settle(self, on: date) -> None:
        lines = sorted(self._due.pop(on, []), key=lambda line: (line.created_at, line.entity_id))
        net = self._base.pop(on, 0)
        settled, held = self._line_faults.apply(lines, net, on)
        settled += sorted(self._moved.pop(on, []), key=lambda line: (line.created_at, line.entity_id))
        large = [line for line in self._holds if line.amount_paise * SHARE <= net]
        settled += large
        self._holds = [line for line in self._holds if line not in large]
        apart = self._line_faults.split_off_refunds(settled, net, on)
        batches = [self._batcher.make(on, part) for part in (settled, apart) if part]
        for batch in batches:
            batch.base_net_paise = net
        if not batches and not held:
            return
        self._hand_in(on, batches, held)
        for batch in batches:
            self._pay_out(batch)

    def _hand_in(self, on: date, batches: list[Batch], held: list[Line]) -> None:
        settled_at = local(on, self._table.settles_at)
        format = self._house.stage.draws.of("format", self._house.tenant.id, on).pick(self._table.formats)
        write = files.razorpay_api if format == "razorpay_recon_api_v1" else files.razorpay_csv
        name = f"settlement-{on}.{'json' if write is files.razorpay_api else 'csv'}"
        rows = [(line, batch) for batch in batches for line in batch.lines] + [(line, None) for line in held]
        data = write(rows, settled_at)
        self._doors.settlement(self._table.name, format, name, data)
        for line, batch in rows:
            self._note(line, batch)
        if len(rows) > 1 and self._house.faults.wants("F07", on):
            self._redeliver(on, name, format, data, write(list(reversed(rows)), settled_at))
        self._house.ledger.batches += batches

    def _note(self, line: Line, batch: Batch | None) -> None:
        """The product knows this row now."""
        line.settlement_id = batch.settlement_id if batch else ""
        line.recorded_on = day_of(self._house.now)
        if batch is not None:
            self._house.ledger.journal.settled(batch.settled_on, line)
        owner = line.receipt or line.refund or line.dispute
        if owner is not None:
            owner.lines.append(line)
        if line.role in ("orphan", "adjustment", "duplicate", "conflict"):
            self._house.ledger.stray_lines.append(line)

    def _redeliver(self, on: date, name: str, format: str, data: bytes, reordered: bytes) -> None:
        """F07: the same file once more, and the same rows in a file of their own."""
        self._house.faults.place("F07", leg="L1", expected="matched", ids=[name])

        def deliver_again() -> None:
            self._doors.settlement_again(self._table.name, format, name, data, "duplicate")
            self._doors.settlement_again(self._table.name, format, f"again-{name}", reordered, "accepted")

        self._house.plan(local(on, self._table.file_at, timedelta(hours=1)), "1 redelivery", f"{on}", deliver_again)

    def _pay_out(self, batch: Batch) -> None:
        """The bank credits what is owed, wrongly in case of F25."""
        if not batch.payout_paise:
            return
        faults, paid = self._house.faults, batch.payout_paise
        if batch.base_net_paise > LEAST_MISPAID and faults.wants("F25", batch.settled_on):
            short = 10_000 + 100 * faults.pick("F25", 200)
            paid -= short
            faults.place(
                "F25",
                leg="L2",
                expected="batch_amount_mismatch",
                ids=[batch.settlement_id],
                amount_paise=short,
                detected_from=batch.settled_on,
            )
        self._bank.credit_batch(batch, paid, f"NEFT CR {batch.utr} RAZORPAY SOFTWARE SETTLEMENT")


def payment_line(receipt: Receipt, role: str, amount: int, fees: Fees, charge: tuple[int, int] | None = None) -> Line:
    """A row that settles so much of a payment; `charge` is (fee, tax) when it is not what the contract says."""
    assert receipt.paid_at is not None
    fee, tax = charge or fees.of(receipt, amount)
    key = receipt.gateway_payment_id if receipt.channel == "gateway" else receipt.rrn
    assert key is not None
    if receipt.is_missed:
        role = "conflict"
    return Line(role, "payment", key, amount, fee, tax, amount - fee - tax, 0, receipt.paid_at, receipt)


def _charge(refund: Refund) -> tuple[int, int]:
    """(fee, tax) of a refund."""
    return (INSTANT_FEE, INSTANT_TAX) if refund.is_instant else (0, 0)


def _adjustment(house: House, dispute: Dispute, role: str, credit: int, debit: int) -> Line:
    key = house.tenant.id_of("adj", dispute.id, role)
    amount = dispute.amount_paise
    line = Line(role, "adjustment", key, amount, 0, 0, credit, debit, house.now, description=f"dispute {role}")
    line.dispute, line.is_extra = dispute, True
    return line
