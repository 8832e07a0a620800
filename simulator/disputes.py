"""Payers whose bank takes their money back (F18, F19): the gateway keeps it, and pays it out again when we win."""

from __future__ import annotations

from datetime import date

from simulator.books.records import Dispute, Receipt
from simulator.calendar import DAY, day_of, local
from simulator.settlement import Settlement
from simulator.stage import House
from simulator.webhooks import Webhooks

OPENS_AFTER, OPENS_AT, ENDS_AT = 2, "15:00", "16:00"
# One is over while the chain still works, the other is open at its last day.
ENDS_AFTER = {"F18": 6, "F19": 15}


class Disputes:
    """Disputes a few bills that were paid online and never corrected."""

    def __init__(self, house: House, webhooks: Webhooks, settlement: Settlement) -> None:
        self._house = house
        self._webhooks = webhooks
        self._settlement = settlement

    def consider(self, receipt: Receipt) -> None:
        faults, on = self._house.faults, day_of(self._house.now)
        name = faults.payment_fault(receipt)
        if name in ENDS_AFTER and faults.wants(name, on):
            at = local(on + OPENS_AFTER * DAY, OPENS_AT)
            self._house.plan(at, "9 dispute", receipt.id, lambda: self._open(name, receipt, on))

    def _open(self, name: str, receipt: Receipt, paid_on: date) -> None:
        house = self._house
        if receipt.refunds or not house.faults.wants(name, paid_on):
            return
        receipt.fault = name
        dispute = Dispute(house.tenant.id_of("disp", receipt.id), receipt, receipt.amount_paise, house.now)
        house.ledger.disputes.append(dispute)
        self._webhooks.disputed(dispute, "created")
        self._settlement.hold(dispute)
        today = day_of(house.now)
        house.faults.place(
            name,
            leg="L1",
            expected="chargeback_lost" if name == "F18" else "disputed",
            ids=[receipt.id, dispute.id],
            branch_id=receipt.branch.id,
            amount_paise=dispute.amount_paise,
            detected_from=today,
        )
        at = local(today + ENDS_AFTER[name] * DAY, ENDS_AT)
        house.plan(at, "9 dispute ends", dispute.id, lambda: self._end(name, dispute))

    def _end(self, name: str, dispute: Dispute) -> None:
        if name == "F18":
            receipt = dispute.receipt
            dispute.state, receipt.lost_paise = "lost", dispute.amount_paise
            assert receipt.visit.bill is not None
            receipt.visit.bill.put(receipt.id, -dispute.amount_paise)
            # The bill that it had paid is open again before the bank takes the money.
            journal, today = self._house.ledger.journal, self._house.today
            journal.allocated(today, dispute.receipt, -dispute.amount_paise)
            journal.dispute_lost(today, dispute.receipt, dispute.amount_paise, 0)
        else:
            dispute.state = "won"
            self._settlement.release(dispute)
        self._webhooks.disputed(dispute, dispute.state)
