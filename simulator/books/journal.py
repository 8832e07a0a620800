"""The double-entry journal of a tenant, written at the moment of each act by whoever acts (DOMAIN §6.5).

Whoever plays something that moves money calls one method here. Amounts are paise, dates are the tenant's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from simulator.books.records import Batch, Deposit, Drawer, Line, Receipt, Refund

HEAD_OFFICE = "-1"
# Where money stands that came by a channel, until it reaches the bank.
RECEIVABLE = {"drawer": "1100", "gateway": "1200", "pos": "1210", "static_qr": "1220", "direct_bank": "1220"}
# (date, branch, account, what was done)
Key = tuple[date, str, str, str]


@dataclass(slots=True)
class Sides:
    debit: int = 0
    credit: int = 0


@dataclass(slots=True)
class Journal:
    """Debits and credits by date, branch, account and act; and of each bill (date, branch, gross, discount)."""

    sides: dict[Key, Sides] = field(default_factory=lambda: defaultdict(Sides))
    asked: list[tuple[date, str, int, int]] = field(default_factory=list)

    def post(self, on: date, branch_id: str, act: str, debit: str, credit: str, amount: int) -> None:
        """One debit and one credit of a branch; a negative amount turns them around."""
        if amount < 0:
            debit, credit, amount = credit, debit, -amount
        if amount:
            self.sides[on, branch_id, debit, act].debit += amount
            self.sides[on, branch_id, credit, act].credit += amount

    def enter(self, on: date, branch_id: str, act: str, legs: Iterable[tuple[str, int]]) -> None:
        """Several legs of one entry; debits are positive, and they add up to nothing."""
        for account, amount in legs:
            sides = self.sides[on, branch_id, account, act]
            sides.debit += max(0, amount)
            sides.credit += max(0, -amount)

    def captured(self, on: date, receipt: Receipt) -> None:
        self.post(on, receipt.branch.id, "captured", RECEIVABLE[receipt.channel], "2100", receipt.amount_paise)

    def reversed(self, on: date, receipt: Receipt) -> None:
        self.post(on, receipt.branch.id, "reversed", "2100", RECEIVABLE[receipt.channel], receipt.amount_paise)

    def allocated(self, on: date, receipt: Receipt, amount: int) -> None:
        """Put against a bill of the same branch; negative when it is taken back."""
        self.post(on, receipt.branch.id, "allocated", "2100", "1400", amount)

    def billed(self, on: date, branch_id: str, total: int, gst: int, gross: int | None = None) -> None:
        """`gst` is inside the total; `gross` is what was asked before the discount, the total where there was none."""
        self._bill(on, branch_id, "billed", total, gst)
        gross = total if gross is None else gross
        self.asked.append((on, branch_id, gross, gross - total))

    def credited(self, on: date, branch_id: str, total: int, gst: int) -> None:
        """A credit note takes that much of a bill back."""
        self._bill(on, branch_id, "credited", -total, -gst)

    def _bill(self, on: date, branch_id: str, act: str, total: int, gst: int) -> None:
        self.post(on, branch_id, act, "1400", "4100", total - gst)
        self.post(on, branch_id, act, "1400", "2300", gst)

    def written_off(self, on: date, branch_id: str, amount: int) -> None:
        self.post(on, branch_id, "written_off", "5400", "1400", amount)

    def forfeited(self, on: date, receipt: Receipt, amount: int, gst: int) -> None:
        """Negative when a forfeit is undone."""
        self.post(on, receipt.branch.id, "forfeited", "2100", "4200", amount - gst)
        self.post(on, receipt.branch.id, "forfeited", "2100", "2300", gst)

    def refund_owed(self, on: date, receipt: Receipt, amount: int) -> None:
        """Asked for; negative when it is given up or rejected."""
        self.post(on, receipt.branch.id, "refund_owed", "2100", "2200", amount)

    def refund_paid(self, on: date, receipt: Receipt, amount: int, destination: str) -> None:
        """`destination`: source, cash or bank_transfer."""
        account = "1100" if destination == "cash" else "1225"
        if destination == "source" and receipt.channel in ("gateway", "pos"):
            account = RECEIVABLE[receipt.channel]
        self.post(on, receipt.branch.id, "refund_paid", "2200", account, amount)

    def dispute_lost(self, on: date, receipt: Receipt, covered: int, uncovered: int) -> None:
        self.post(on, receipt.branch.id, "dispute_lost", "2100", "1250", covered)
        self.post(on, receipt.branch.id, "dispute_lost", "5130", "1250", uncovered)

    def settled(self, on: date, line: Line) -> None:
        """A row of a settlement file, by what the simulator meant by it."""
        branch_id = _branch_of(line)
        if line.entity_type == "adjustment":
            held, released = ("1250", "1250") if line.dispute else ("5120", "2900")
            self.post(on, branch_id, "settled", held, "1230", line.debit_paise)
            self.post(on, branch_id, "settled", "1230", released, line.credit_paise)
            return
        against = _against(line)
        known = min(line.amount_paise, _unsettled(line)) if against != "2900" else 0
        sign = -1 if line.entity_type == "refund" else 1
        self.enter(
            on,
            branch_id,
            "settled",
            [
                ("1230", line.credit_paise - line.debit_paise),
                ("5100", line.fee_paise),
                ("5110", line.tax_paise),
                (against, -sign * known),
                ("2900", -sign * (line.amount_paise - known)),
            ],
        )

    def paid_out(self, on: date, batch: Batch, amount: int) -> None:
        """The bank credits a settlement: each branch gets what its rows come to, the rest is the head office's."""
        nets: dict[str, int] = defaultdict(int)
        for line in batch.lines:
            nets[_branch_of(line)] += line.credit_paise - line.debit_paise
        nets[HEAD_OFFICE] += amount - sum(nets.values())
        for branch_id, net in nets.items():
            self.post(on, branch_id, "paid_out", "1300", "1230", net)

    def banked(self, on: date, receipt: Receipt, amount: int) -> None:
        self.post(on, receipt.branch.id, "banked", "1300", "1220", amount)

    def transferred(self, on: date, refund: Refund) -> None:
        """The bank shows that a refund by transfer has left the account."""
        self.post(on, refund.receipt.branch.id, "transferred", "1225", "1300", refund.amount_paise)

    def unknown_credit(self, on: date, amount: int) -> None:
        """Money on the statement that nobody can place."""
        self.post(on, HEAD_OFFICE, "unknown", "1300", "2910", amount)

    def deposited(self, on: date, deposit: Deposit, amount: int) -> None:
        self.post(on, deposit.drawer.branch.id, "deposited", "1300", "1110", amount)

    def float_given(self, on: date, drawer: Drawer) -> None:
        """The first float ever of a drawer; later ones are what the last session left."""
        self.post(on, drawer.branch.id, "float", "1100", "3100", drawer.float_paise)

    def petty_spent(self, on: date, drawer: Drawer, amount: int) -> None:
        self.post(on, drawer.branch.id, "petty", "5310", "1100", amount)

    def drawer_closed(self, on: date, drawer: Drawer) -> None:
        assert drawer.counted_paise is not None
        off = drawer.counted_paise - drawer.expected_paise
        self.post(on, drawer.branch.id, "counted", "5300", "1100", max(0, -off))
        self.post(on, drawer.branch.id, "counted", "1100", "4900", max(0, off))
        self.post(on, drawer.branch.id, "dropped", "1110", "1100", drawer.drop_paise)

    def days(self) -> Iterable[tuple[Key, Sides]]:
        return self.sides.items()


def _against(line: Line) -> str:
    """The account that a row settles: what is owed for a payment, or nothing that we know."""
    if line.role in ("orphan", "duplicate", "conflict"):
        return "2900"
    owner = _owner(line)
    return RECEIVABLE[owner.channel] if owner else "2900"


def _owner(line: Line) -> Receipt | None:
    """The payment that a row is about."""
    about = line.refund or line.dispute
    return line.receipt or (about.receipt if about else None)


def _branch_of(line: Line) -> str:
    owner = _owner(line)
    return owner.branch.id if owner else HEAD_OFFICE


def _unsettled(line: Line) -> int:
    """What earlier rows have left of the payment or refund of a row."""
    owner = line.refund or line.receipt
    assert owner is not None
    is_gone = line.receipt is not None and line.receipt.is_reversed
    earlier = sum(
        other.amount_paise
        for other in owner.lines
        if other is not line and other.role not in ("held", "duplicate", "conflict")
    )
    return max(0, (0 if is_gone else owner.amount_paise) - earlier)
