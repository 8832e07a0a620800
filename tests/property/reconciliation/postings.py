"""What the books of a small world hold at its end: every movement posted by hand (DOMAIN §6.5)."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from tests.property.reconciliation.bank_legs import net_of
from tests.property.reconciliation.books import reconcile
from tests.property.reconciliation.matching import Item, known, refund_leg
from tests.property.reconciliation.world import Line, World

RECEIVABLE = {"gateway": "1200", "pos": "1210", "static_qr": "1220", "direct_bank": "1220", "drawer": "1100"}
Balances = Counter[tuple[str, str]]  # (branch, account): debits less credits


def balances(world: World, as_of: datetime) -> dict[tuple[str, str], int]:
    """Balances that are not zero."""
    books = Books(world, as_of)
    items = reconcile(world, as_of).values()
    books.branch_of = {line.line_id: item.branch_id for item in items if item.kind != "batch" for line in item.lines}
    for item in items:
        books.post_item(item)
    return {key: paise for key, paise in books.balances.items() if paise}


class Books:
    def __init__(self, world: World, as_of: datetime) -> None:
        self.balances: Balances = Counter()
        self.world = known(world, as_of)
        self.payments = {one.payment_id: one for one in world.payments}
        self.branch_of: dict[str, str] = {}
        self._post_money()
        self._post_claims(world)
        self._post_drawers(world)

    def post(self, branch_id: str, debit: str, credit: str, paise: int) -> None:
        self.balances[branch_id, debit] += paise
        self.balances[branch_id, credit] -= paise

    def _post_money(self) -> None:
        for payment in self.world.payments:
            receivable = RECEIVABLE[payment.channel]
            if payment.captured_at:
                self.post(payment.branch_id, receivable, "2100", payment.amount)
            if payment.reversed_at:
                self.post(payment.branch_id, "2100", receivable, payment.amount)
        for refund in self.world.refunds:
            payment = self.payments[refund.payment_id]
            leg = refund_leg(refund, payment)
            paid_from = {"L1": "1200", "L3": "1210", "L5": "1225", None: "1100"}[leg]
            self.post(payment.branch_id, "2100", paid_from, refund.amount)
        for dispute in self.world.disputes:
            if dispute.outcome == "lost":
                self.post(self.payments[dispute.payment_id].branch_id, "2100", "1250", dispute.deducted)

    def _post_claims(self, whole: World) -> None:
        """Every bill is claimed whole from the first day on; what a payer sent is known once it is told."""
        for transfer in whole.transfers:
            self.post(transfer.branch_id, "1400", "4100", transfer.amount)
            self.post(transfer.branch_id, "1410", "1400", transfer.amount)
        for transfer in self.world.transfers:
            self.post(transfer.branch_id, "1240", "1410", transfer.amount)

    def _post_drawers(self, whole: World) -> None:
        """Sales and refunds are posted with their payments; a count takes in all that a drawer ever saw."""
        for session in self.world.sessions:
            id, branch_id = session.cash_session_id, session.branch_id
            self.post(branch_id, "1100", "3100", session.opening)
            self.post(branch_id, "5310", "1100", session.petty)
            if session.closed_at:
                taken = sum(one.amount for one in whole.payments if one.cash_session_id == id and one.captured_at)
                paid = sum(one.amount for one in whole.refunds if one.cash_session_id == id)
                self.post(branch_id, "1100", "4900", max(0, session.variance))
                self.post(branch_id, "5300", "1100", max(0, -session.variance))
                counted = session.opening - session.petty + taken - paid + session.variance
                self.post(branch_id, "1110", "1100", counted)

    def post_item(self, item: Item) -> None:
        """What its lines have brought, taken or left unexplained. Payouts come after the lines that they pay."""
        branch_id, receivable = item.branch_id, "1200" if item.leg == "L1" else "1210"
        if item.leg in ("L1", "L3"):
            self._post_fees(item)
        match item.leg, item.kind:
            case (("L1" | "L3"), "payment"):
                self.post(branch_id, "1230", receivable, item.matched)
                self.post(branch_id, "1230", "2900", item.excess)
            case (("L1" | "L3"), "refund"):
                self.post(branch_id, receivable, "1230", item.matched)
                self.post(branch_id, "2900", "1230", item.excess)
            case (("L1" | "L3"), "dispute"):
                self.post(branch_id, "1250", "1230", item.right)
            case (("L1" | "L3"), "line"):
                self._post_stranger(item)
            case "L4", "deposit":
                self._post_deposit(item)
            case "L5", "qr":
                self.post(branch_id, "1300", "1220", item.right)
            case "L5", "refund":
                self.post(branch_id, "1225", "1300", item.right)
            case "L6", "claim":
                self._post_payer(item)
            case _, "line":
                self.post("-1", "1300", "2910", item.right)
            case "L2", "batch":
                self._post_payout(item)

    def _post_fees(self, item: Item) -> None:
        if item.kind != "line" or item.lines[0].entity_type in ("payment", "refund"):
            self.post(item.branch_id, "5100", "1230", item.fee_charged)
            self.post(item.branch_id, "5110", "1230", item.tax_charged)

    def _post_stranger(self, item: Item) -> None:
        (line,) = item.lines
        if line.entity_type == "payment":
            self.post(item.branch_id, "1230", "2900", line.amount)
        elif line.entity_type == "refund":
            self.post(item.branch_id, "2900", "1230", line.amount)
        else:
            self.post(item.branch_id, "5120", "1230", line.debit)
            self.post(item.branch_id, "1230", "2900", line.credit)

    def _post_payout(self, item: Item) -> None:
        """Each branch gets what its lines of the settlement come to, nobody gets the difference."""
        if item.right:
            self._spread(item, "1230", [(self._branch(line), net_of(line)) for line in item.lines])

    def _post_deposit(self, item: Item) -> None:
        if item.right:
            branches = {one.cash_session_id: one.branch_id for one in self.world.sessions}
            slips = [one for one in self.world.deposits if f"L4:deposit:{one.account}/{one.slip}" == item.item_id]
            self._spread(item, "1110", [(branches[one.cash_session_id], one.amount) for one in slips])

    def _post_payer(self, item: Item) -> None:
        if item.right:
            paid = [one for one in self.world.transfers if f"L6:claim:{one.utr}" == item.item_id]
            self._spread(item, "1240", [(one.branch_id, one.amount) for one in paid])

    def _spread(self, item: Item, account: str, shares: list[tuple[str, int]]) -> None:
        parts: Counter[str] = Counter()
        for branch_id, share in shares:
            parts[branch_id] += share
        parts[item.branch_id] += item.right - sum(share for _, share in shares)
        for branch_id, part in parts.items():
            self.post(branch_id, "1300", account, part)

    def _branch(self, line: Line) -> str:
        """A line that no item consumed and that does not stand alone is about a dispute."""
        if line.line_id in self.branch_of:
            return self.branch_of[line.line_id]
        (dispute,) = (one for one in self.world.disputes if one.gateway_dispute_id == line.dispute_id)
        return self.payments[dispute.payment_id].branch_id
