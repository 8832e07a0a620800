"""Refunds that the product has asked for are paid by whom it asked: gateway, acquirer, bank or the front desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from event_store.aggregates.payment.commands import ApproveRefund, InitiateRefund
from event_store.aggregates.payment.events import RefundApproved, RefundInitiated, RefundRequested
from event_store.recorded import Recorded
from simulator.acquirer import Acquirer
from simulator.bank import Bank
from simulator.books.records import Refund
from simulator.desk import SimulationError
from simulator.drawers import Drawers
from simulator.gateway import Gateway
from simulator.stage import House

LOOKED_AT_AFTER = timedelta(minutes=90)


@dataclass(slots=True)
class RefundPayers:
    """Who can give money back."""

    gateway: Gateway
    drawers: Drawers
    acquirer: Acquirer
    bank: Bank


class RefundDesk:
    """Sees to it that every refund asked for is one that the books expect, to the paisa."""

    def __init__(self, house: House, payers: RefundPayers) -> None:
        self._house = house
        self._payers = payers
        self._asked: dict[str, Refund] = {}
        self._approved: set[str] = set()
        house.stage.desk.watch("RefundRequested", self._note_request)
        house.stage.desk.watch("RefundApproved", self._note_approval)
        house.stage.desk.watch("RefundInitiated", self._note_order)

    def _note_request(self, recorded: Recorded) -> None:
        event = recorded.event
        assert isinstance(event, RefundRequested)
        if recorded.tenant_id != self._house.tenant.id:
            return
        wanted = [
            refund
            for refund in self._house.ledger.refunds
            if not refund.id and refund.receipt.id == recorded.payment_id and refund.amount_paise == event.amount_paise
        ]
        if not wanted:
            raise SimulationError(f"{recorded.payment_id}: a refund of {event.amount_paise} that nobody is owed")
        refund = wanted[0]
        refund.id = event.refund_id
        self._asked[event.refund_id] = refund
        at = self._house.now + LOOKED_AT_AFTER
        self._house.plan(at, "9 approve", refund.id, lambda: self._look_at(refund, event.requested_by))

    def _look_at(self, refund: Refund, requested_by: str | None) -> None:
        """No rule decides of money that came twice, or of much of it: somebody other than who asked looks at it."""
        if refund.id in self._approved:
            return
        tenant = self._house.tenant
        command = ApproveRefund(payment_id=refund.receipt.id, refund_id=refund.id)
        approver = tenant.manager if requested_by == tenant.finance.id else tenant.finance
        self._house.stage.desk.ask(tenant.id, approver, command, refund.id)

    def _note_approval(self, recorded: Recorded) -> None:
        """Some patients cannot wait: finance is quicker than the process, and has the gateway pay at once for a fee."""
        event = recorded.event
        assert isinstance(event, RefundApproved)
        self._approved.add(event.refund_id)
        refund = self._asked.get(event.refund_id)
        if refund is None or refund.destination != "source" or refund.receipt.channel != "gateway":
            return
        receipt, tenant, stage = refund.receipt, self._house.tenant, self._house.stage
        dice = stage.draws.of("instant refund", tenant.id, receipt.gateway_payment_id, receipt.refunds.index(refund))
        if dice.chance(stage.profile.refunds.instant):
            refund.is_instant = True
            command = InitiateRefund(payment_id=receipt.id, refund_id=refund.id, speed="instant")
            stage.desk.ask(tenant.id, tenant.finance, command, refund.id, "at once")

    def _note_order(self, recorded: Recorded) -> None:
        event = recorded.event
        assert isinstance(event, RefundInitiated)
        refund = self._asked.get(event.refund_id)
        if refund is None:
            return
        house, payers = self._house, self._payers
        if refund.destination == "cash":
            at = house.now + timedelta(minutes=2)
            house.plan(at, "9 pay out", refund.id, lambda: payers.drawers.pay_out(refund))
        elif refund.destination == "bank_transfer":
            house.plan(house.now, "9 give back", refund.id, lambda: payers.bank.give_back(refund))
        elif refund.receipt.channel == "pos":
            house.plan(house.now, "9 give back", refund.id, lambda: payers.acquirer.give_back(refund))
        else:
            house.plan(house.now, "9 give back", refund.id, lambda: payers.gateway.give_back(refund))

    def check_all_asked(self) -> None:
        """Money that is owed and was never asked for would be lost silently."""
        refunds = self._house.ledger.refunds
        forgotten = [one.receipt.id for one in refunds if one.processed_at is None and not one.is_given_up]
        if forgotten:
            raise SimulationError(f"{self._house.tenant.id}: refunds of {', '.join(forgotten)} were never asked for")
