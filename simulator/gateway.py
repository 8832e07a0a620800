"""The payment gateway as a payer meets it: an order, an attempt or two, and the news of it by webhook."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from event_store.aggregates.payment.commands import InitiatePayment
from event_store.aggregates.payment.events import Mode, PaymentInitiated, Purpose
from event_store.recorded import Recorded
from mymedic.messages import Actor
from simulator.books.records import Receipt, Refund, Visit
from simulator.calendar import day_of
from simulator.desk import SimulationError
from simulator.disputes import Disputes
from simulator.draws import Dice
from simulator.forfeits import Forfeits
from simulator.poison import Poison
from simulator.refund_faults import RefundFaults
from simulator.settlement import Settlement
from simulator.stage import House
from simulator.twice import Twice
from simulator.webhooks import Webhooks

SECOND = timedelta(seconds=1)
PAY_WITHIN = timedelta(minutes=15)
Then = Callable[[Visit], None]


class Gateway:
    """Takes payments and pays refunds. What it tells the product, it tells by webhook and settlement file alone."""

    def __init__(
        self, house: House, webhooks: Webhooks, settlement: Settlement, forfeits: Forfeits, poison: Poison
    ) -> None:
        self._house = house
        self._webhooks = webhooks
        self._settlement = settlement
        self._forfeits = forfeits
        self._poison = poison
        self._refund_faults = RefundFaults(house, webhooks, settlement)
        self._disputes = Disputes(house, webhooks, settlement)
        self._twice = Twice(house, webhooks, settlement, forfeits)
        self._ordered: dict[str, Receipt] = {}
        house.stage.desk.watch("PaymentInitiated", self._note_order)
        self.after_payment: Callable[[Visit, Receipt], None] = lambda visit, receipt: None

    def take_deposit(self, visit: Visit, actor: Actor, until: datetime, paid: Then) -> None:
        """Ask for the deposit of a held appointment; `paid` is called when the money came in time."""
        dice = self._house.stage.draws.of("deposit", visit.id)
        mode = dice.pick(self._house.stage.profile.payment.portal)
        amount = visit.deposit_required_paise
        self._attempt(visit, actor, "deposit", amount, mode, until, dice, paid, lambda: None)

    def take_balance(self, visit: Visit, due: int, mode: Mode, otherwise: Callable[[], None]) -> None:
        """Ask for a bill at the counter; `otherwise` is called when the payer gives up."""
        dice = self._house.stage.draws.of("online", visit.id)
        purpose: Purpose = "balance" if visit.deposit_paid_paise else "full"
        until = self._house.now + PAY_WITHIN
        actor = visit.branch.front_desk
        self._attempt(visit, actor, purpose, due, mode, until, dice, lambda visit: None, otherwise)

    def _attempt(
        self,
        visit: Visit,
        actor: Actor,
        purpose: Purpose,
        amount: int,
        mode: Mode,
        until: datetime,
        dice: Dice,
        paid: Then,
        otherwise: Callable[[], None],
        number: int = 1,
    ) -> None:
        house, payment = self._house, self._house.stage.profile.payment
        receipt = Receipt("", visit.branch, visit, purpose, amount, mode, "gateway", house.stage.profile.gateway.name)
        if mode == "card":
            receipt.card_type, receipt.card_network = dice.pick(payment.card_type), dice.pick(payment.card_network)
        name = f"{visit.id}/{purpose}/{number}"
        self._order(receipt, actor, until, name)
        receipt.gateway_payment_id = house.tenant.id_of("pay", "gateway", name)
        outcome = "captured" if number > 1 else dice.pick(payment.outcome)
        if outcome == "late" and purpose != "deposit":
            outcome = "captured"
        if outcome == "captured":
            at = house.now + dice.between(20, 120) * SECOND
            house.plan(at, "2 paid", name, lambda: self._pay(receipt, paid))
        elif outcome == "late":
            at = until + dice.between(300, 1500) * SECOND
            house.plan(at, "2 paid", name, lambda: self._pay_late(receipt))
        else:
            retries, gap = dice.chance(payment.retries), dice.between(60, 240) * SECOND
            at = house.now + dice.between(30, 100) * SECOND

            def fail() -> None:
                self._webhooks.failed(receipt, outcome)
                if retries:
                    again = (visit, actor, purpose, amount, mode, until, dice, paid, otherwise, number + 1)
                    house.plan(house.now + gap, "2 retry", name, lambda: self._attempt(*again))
                else:
                    if purpose == "deposit":
                        self._consider_late(receipt, until, name)
                    otherwise()

            house.plan(at, "2 failed", name, fail)

    def _consider_late(self, receipt: Receipt, until: datetime, name: str) -> None:
        """F13: the attempt looked failed, the hold ran out, and then the money comes."""
        house, faults = self._house, self._house.faults
        if not faults.wants("F13", day_of(house.now)):
            return
        receipt.is_extra, receipt.fault = True, "F13"
        ids = [receipt.id, receipt.gateway_payment_id or ""]
        amount, branch_id = receipt.amount_paise, receipt.branch.id
        faults.place("F13", leg="L1", expected="matched", ids=ids, branch_id=branch_id, amount_paise=amount)
        at = until + house.stage.draws.of("late", name).between(300, 1500) * SECOND
        house.plan(at, "2 paid", name, lambda: self._pay_late(receipt))

    def _order(self, receipt: Receipt, actor: Actor, until: datetime, name: str) -> None:
        house, visit = self._house, receipt.visit
        key = house.tenant.id_of("ord", name)
        self._ordered[key] = receipt
        command = InitiatePayment(
            patient_id=visit.person.id,
            appointment_id=visit.id,
            invoice_id=visit.invoice_id,
            purpose=receipt.purpose,
            amount_paise=receipt.amount_paise,
            mode=receipt.mode,
            gateway=house.stage.profile.gateway.name,
            order_receipt=key,
            expires_at=until,
        )
        house.stage.desk.ask(house.tenant.id, actor, command, name, channel=visit.channel)
        if receipt.order_id is None:
            raise SimulationError(f"{name}: no order was made")
        house.plan(until, "9 order ends", name, lambda: house.stage.desk.ring(house.tenant.id))

    def _note_order(self, recorded: Recorded) -> None:
        event = recorded.event
        assert isinstance(event, PaymentInitiated)
        receipt = self._ordered.pop(event.order_receipt, None)
        if receipt is not None:
            receipt.id, receipt.order_id = event.payment_id, event.order_id

    def _pay(self, receipt: Receipt, paid: Then) -> None:
        house, faults = self._house, self._house.faults
        on = day_of(house.now)
        receipt.paid_at = house.now
        missed = receipt.purpose != "deposit" and faults.line_fault(receipt, on) == "F11" and faults.wants("F11", on)
        receipt.is_missed = missed
        self._take_in(receipt)
        if missed:
            receipt.fault = "F11"
            ids = [receipt.id, receipt.gateway_payment_id or ""]
            faults.place(
                "F11",
                leg="L1",
                expected="status_conflict",
                ids=ids,
                branch_id=receipt.branch.id,
                amount_paise=receipt.amount_paise,
                detected_from=self._settlement.due_on(on),
            )
            return
        self._webhooks.captured(receipt, lambda: self._arrived(receipt, paid))

    def _arrived(self, receipt: Receipt, paid: Then) -> None:
        """The product has been told."""
        if receipt.purpose == "deposit":
            paid(receipt.visit)
        else:
            receipt.used_paise = receipt.amount_paise
            self._house.ledger.journal.allocated(self._house.today, receipt, receipt.amount_paise)
            self.after_payment(receipt.visit, receipt)
            self._twice.consider(receipt)
            self._disputes.consider(receipt)
            self._poison.consider(receipt)

    def _pay_late(self, receipt: Receipt) -> None:
        """The hold is gone: the product must give all of it back by itself."""
        receipt.paid_at, receipt.is_late = self._house.now, True
        self._take_in(receipt)
        self._webhooks.captured(receipt, lambda: None, before=lambda: self._expect_back(receipt))

    def _expect_back(self, receipt: Receipt) -> None:
        self._forfeits.expect_refund(receipt.visit, receipt, receipt.amount_paise)

    def _take_in(self, receipt: Receipt) -> None:
        """Money is with the gateway: it will be settled."""
        receipt.visit.receipts.append(receipt)
        self._house.ledger.receipts.append(receipt)
        self._settlement.owe_payment(receipt)

    def give_back(self, refund: Refund) -> None:
        """Pay a refund that the product has asked for."""
        house = self._house
        refund.attempts += 1
        name = f"{refund.receipt.gateway_payment_id}/{refund.receipt.refunds.index(refund)}"
        if refund.attempts > 1:
            name += f"/{refund.attempts}"
        seconds = house.stage.draws.of("refund", house.tenant.id, name).within(
            house.stage.profile.refunds.answered_in_seconds
        )
        refund.gateway_refund_id = house.tenant.id_of("rfnd", name)

        def pay() -> None:
            fault = self._refund_faults.of(refund)
            if fault in ("F15", "F16"):
                self._refund_faults.fail(fault, refund)
                return
            refund.processed_at = house.now
            house.ledger.journal.refund_paid(house.today, refund.receipt, refund.amount_paise, "source")
            self._settlement.owe_refund(refund, is_told=fault != "F17")
            self._webhooks.refunded(refund)
            if fault:
                self._refund_faults.forget(refund)

        house.plan(house.now + seconds * SECOND, "2 refund", name, pay)
