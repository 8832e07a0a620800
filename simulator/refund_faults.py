"""Refunds that fail, for a while (F15) or for good (F16), or that the gateway's file forgets (F17)."""

from __future__ import annotations

from datetime import date, timedelta

from event_store.aggregates.payment.commands import InitiateRefund
from simulator.books.records import Refund
from simulator.calendar import DAY, day_of
from simulator.settlement import Settlement
from simulator.stage import House
from simulator.webhooks import Webhooks

# A gateway's error may pass; a bad request stays bad.
ERRORS = {"F15": "GATEWAY_ERROR", "F16": "BAD_REQUEST_ERROR"}
SENT_AGAIN_AFTER = timedelta(hours=20)


class RefundFaults:
    """Decides of each refund whether it goes wrong, and makes it do so."""

    def __init__(self, house: House, webhooks: Webhooks, settlement: Settlement) -> None:
        self._house = house
        self._webhooks = webhooks
        self._settlement = settlement
        self._seen = 0

    def of(self, refund: Refund) -> str:
        """The fault that this refund has now; empty when it is paid as it should be."""
        faults, today = self._house.faults, day_of(self._house.now)
        is_wanted = refund.attempts == 1 and not refund.receipt.is_extra
        if not is_wanted or not faults.is_refunds_day(self._settlement.due_on(today)):
            return ""
        name = faults.refund_fault(self._seen)
        self._seen += 1
        return name if name and faults.wants(name, today) else ""

    def fail(self, name: str, refund: Refund) -> None:
        house = self._house
        self._note(name, refund, "matched" if name == "F15" else "none", None)
        self._settlement.miss_refund(refund)
        self._webhooks.refund_failed(refund, ERRORS[name])
        if name == "F16":
            refund.is_given_up = True
            house.ledger.journal.refund_owed(house.today, refund.receipt, -refund.amount_paise)
            refund.receipt.used_paise -= refund.amount_paise
        else:
            house.plan(house.now + SENT_AGAIN_AFTER, "9 refund again", refund.id, lambda: self._send_again(refund))

    def forget(self, refund: Refund) -> None:
        """The refund was paid, and no row will say so."""
        assert refund.grace_on is not None
        self._note("F17", refund, "missing_settlement", refund.grace_on + DAY)

    def _send_again(self, refund: Refund) -> None:
        """Finance sends it once more, to arrive at once: the patient has waited long enough."""
        tenant = self._house.tenant
        refund.is_instant = True
        command = InitiateRefund(payment_id=refund.receipt.id, refund_id=refund.id, speed="instant")
        self._house.stage.desk.ask(tenant.id, tenant.finance, command, refund.id)

    def _note(self, name: str, refund: Refund, expected: str, from_: date | None) -> None:
        self._house.faults.place(
            name,
            leg="L1",
            expected=expected,
            ids=[refund.id, refund.receipt.id],
            branch_id=refund.receipt.branch.id,
            amount_paise=refund.amount_paise,
            detected_from=from_,
        )
