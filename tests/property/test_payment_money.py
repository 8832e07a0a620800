"""Whatever happens to payments in whatever order, every paisa is in exactly one place (INV-P1 to INV-P4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from event_store.aggregates.cash_session import events as cash
from event_store.aggregates.cash_session.commands import RecordCashMovement
from event_store.aggregates.payment import commands as c
from mymedic.errors import Refused
from mymedic.messages import Actor, Command
from tests.property.books import Books
from tests.unit.event_store.clinic import DESK, FINANCE, MANAGER, TIMER, ist
from tests.unit.event_store.payment import till

INVOICES = {"inv_1": 30_000, "inv_2": 70_000}
OPENING = 50_000
PARTS = st.sampled_from([1, 2, 3])
AMOUNTS = st.integers(1, 60_000)
PICK = st.integers(0, 1000)
ENDINGS = st.sampled_from(["captured", "failed", "authorized", "expired"])
STEPS = (
    "approve",
    "reject",
    "send",
    "paid",
    "paid_cash",
    "send paid paid",
    "send paid_cash",
    "approve send fail send paid",
    "approve send give_up paid",
    "approve reject paid",
    "fail",
    "give_up",
)
DESTINATIONS = st.sampled_from(["source", "cash", "bank_transfer"])
REASONS = st.sampled_from(["policy_cancel", "no_show_remainder", "goodwill", "duplicate_capture"])


class Money(RuleBasedStateMachine):
    """Commands in any order; what is refused changes nothing, what is accepted keeps the books straight."""

    @initialize()
    def open_the_desk(self) -> None:
        self.world = till.a_booking_desk()
        for invoice_id, total in INVOICES.items():
            till.invoiced(self.world, invoice_id, total)
        self.books: dict[str, Books] = {}
        self.cash = OPENING
        self.made = 0
        self.read = len(self.world.log)

    def ask(self, command: Command, actor: Actor, id: str | None = None) -> None:
        try:
            self.world.when(command, actor=actor, id=id)
        except Refused:
            assert len(self.world.log) == self.read
            return
        for aggregate, stream, event in self.world.log[self.read :]:
            if aggregate == "payment":
                books = self.books.setdefault(stream, Books())
                books.book(event)
                assert min(books.available, *books.terms, *books.allocated.values(), 0) == 0, event
            elif isinstance(event, cash.CashMovementRecorded):
                inwards = event.kind in ("sale_in", "float_in")
                self.cash += event.amount_paise if inwards else -event.amount_paise
        self.read = len(self.world.log)

    def new(self, prefix: str) -> str:
        self.made += 1
        return f"{prefix}_{self.made}"

    def payment(self, pick: int) -> Any:
        """One of the payments, one with money left wherever there is one."""
        states = [self.world.state("payment", id) for id in sorted(self.books)]
        useful = [state for state in states if state.available_paise] or states
        return (useful if pick % 4 else states)[pick % len(useful)]

    def one_of(self, pick: int, things: str, is_open: Callable[[Any], bool]) -> tuple[str, str]:
        """(payment id, id) of a refund, forfeit or dispute, an open one wherever there is one, or of none."""
        found = [
            (id, key, is_open(thing))
            for id in sorted(self.books)
            for key, thing in getattr(self.world.state("payment", id), things).items()
        ]
        useful = [one for one in found if one[2]] if pick % 4 else found
        return useful[pick % len(useful)][:2] if useful else (sorted(self.books)[0], "none")

    # Few payments and little cash traffic: what is worth finding is many uses of one payment.
    @precondition(lambda self: len(self.books) < 3)
    @rule(amount=AMOUNTS, ending=ENDINGS, other=st.integers(0, 3))
    def pay_online(self, amount: int, ending: str, other: int) -> None:
        payment_id = self.new("pay")
        expires_at = self.world.now if ending == "expired" else ist(2, "10:15")
        till.initiated(self.world, payment_id, amount_paise=amount, purpose="procedure", expires_at=expires_at)
        self.read = len(self.world.log)
        self.books[payment_id] = Books()
        if ending == "failed":
            failing = c.FailPayment(
                payment_id=payment_id, error_code="X", error_source="bank", decline_type="technical"
            )
            self.ask(failing, till.GATEWAY)
        if ending == "expired":
            self.ask(c.ExpirePayment(payment_id=payment_id), TIMER)
        if ending == "authorized":
            self.ask(
                c.RecordAuthorization(payment_id=payment_id, gateway_payment_id="gw", authorized_at=self.world.now),
                till.GATEWAY,
            )
        rrn = f"61234567890{other}" if other else None
        self.ask(till.capture(payment_id, amount_paise=amount + (other == 3), rrn=rrn), till.GATEWAY)

    @precondition(lambda self: self.books)
    @rule(pick=PICK, is_second=st.booleans())
    def hear_of_it_again(self, pick: int, is_second: bool) -> None:
        payment = self.payment(pick)
        gateway_payment_id = self.new("gw") if is_second else payment.gateway_payment_id
        if payment.order_id is not None and gateway_payment_id is not None:
            again = till.capture(
                None,
                order_id=payment.order_id,
                gateway_payment_id=gateway_payment_id,
                amount_paise=payment.captured_paise,
            )
            self.ask(again, till.GATEWAY)

    @precondition(lambda self: len(self.books) < 3)
    @rule(amount=AMOUNTS)
    def pay_cash(self, amount: int) -> None:
        self.ask(till.counter(amount_paise=amount, cash_session_id="cash_1"), DESK, id=self.new("pay"))

    @precondition(lambda self: self.made % 3 == 0)
    @rule(amount=AMOUNTS, kind=st.sampled_from(["petty_expense", "float_in", "bank_drop"]))
    def move_cash(self, amount: int, kind: Any) -> None:
        movement = RecordCashMovement(cash_session_id="cash_1", kind=kind, amount_paise=amount, reference="r")
        self.ask(movement, DESK)

    @precondition(lambda self: self.books)
    @rule(pick=PICK, part=PARTS, invoice_id=st.sampled_from(sorted(INVOICES)), back=st.booleans())
    def allocate(self, pick: int, part: int, invoice_id: str, back: bool) -> None:
        payment = self.payment(pick)
        if back:
            states = [self.world.state("payment", id) for id in sorted(self.books)]
            payment = max(states, key=lambda state: state.allocated_to(invoice_id))
        limit = payment.allocated_to(invoice_id) if back else payment.available_paise
        fields: dict[str, Any] = {"payment_id": payment.payment_id, "invoice_id": invoice_id}
        fields["amount_paise"] = max(1, limit // part)
        if back:
            self.ask(c.DeallocatePayment(reason="r", **fields), FINANCE)
        else:
            self.ask(c.AllocatePayment(**fields), DESK)

    @precondition(lambda self: self.books)
    @rule(pick=PICK, part=PARTS)
    def forfeit(self, pick: int, part: int) -> None:
        payment = self.payment(pick)
        command = c.ForfeitDeposit(
            payment_id=payment.payment_id,
            appointment_id="appt_1",
            amount_paise=payment.available_paise // part,
            gst_paise=0,
            policy_version_id=till.CANCELLATION,
            basis="no_show",
        )
        self.ask(command, till.SAGA)

    @precondition(lambda self: self.books)
    @rule(pick=PICK)
    def reverse_forfeit(self, pick: int) -> None:
        payment_id, forfeit_id = self.one_of(pick, "forfeits", lambda forfeit: not forfeit.is_reversed)
        self.ask(c.ReverseForfeit(payment_id=payment_id, forfeit_id=forfeit_id, reason="r"), FINANCE)

    @precondition(lambda self: self.made % 3 == 0 and self.books)
    @rule(pick=PICK)
    def reverse(self, pick: int) -> None:
        self.ask(c.ReversePayment(payment_id=self.payment(pick).payment_id, reason="entry_error"), FINANCE)

    @precondition(lambda self: self.books)
    @rule(pick=PICK, part=PARTS, reason=REASONS, to=DESTINATIONS, actor=st.sampled_from([till.SAGA, DESK]))
    def ask_for_a_refund(self, pick: int, part: int, reason: Any, to: Any, actor: Actor) -> None:
        payment = self.payment(pick)
        amount = max(1, payment.available_paise // part)
        command = till.refund(amount, reason, payment_id=payment.payment_id, refund_id=self.new("rfd"), destination=to)
        self.ask(command, actor)

    @precondition(lambda self: self.books)
    @rule(
        pick=PICK,
        steps=st.sampled_from(STEPS),
    )
    def follow_a_refund(self, pick: int, steps: str) -> None:
        payment_id, refund_id = self.one_of(pick, "refunds", lambda refund: refund.status != "processed")
        ids = {"payment_id": payment_id, "refund_id": refund_id}
        commands: dict[str, tuple[Command, Actor]] = {
            "approve": (c.ApproveRefund(**ids), MANAGER),
            "reject": (c.RejectRefund(**ids), FINANCE),
            "send": (c.InitiateRefund(speed="normal", **ids), till.SAGA),
            "fail": (c.RecordRefundFailed(error_code="X", final=False, **ids), till.GATEWAY),
            "give_up": (c.RecordRefundFailed(error_code="X", final=True, **ids), till.GATEWAY),
            "paid": (till.paid_out(refund_id, payment_id=payment_id), till.GATEWAY),
            "paid_cash": (till.paid_out(refund_id, payment_id=payment_id, gateway_refund_id=None), DESK),
        }
        for step in steps.split():
            self.ask(*commands[step])

    @precondition(lambda self: self.books)
    @rule(pick=PICK, amount=AMOUNTS)
    def dispute(self, pick: int, amount: int) -> None:
        self.ask(till.dispute(amount, self.new("dsp"), self.payment(pick).payment_id), till.GATEWAY)

    @precondition(lambda self: self.books)
    @rule(pick=PICK, amount=AMOUNTS, outcome=st.sampled_from(["won", "lost", "lost", "closed"]))
    def resolve(self, pick: int, amount: int, outcome: Any) -> None:
        _, dispute_id = self.one_of(pick, "disputes", lambda dispute: dispute.outcome is None)
        self.ask(till.resolve(outcome, amount, dispute_id), till.GATEWAY)

    @invariant()
    def states_agree_with_the_books(self) -> None:
        for payment_id, books in getattr(self, "books", {}).items():
            state = self.world.state("payment", payment_id)
            assert state.captured_paise == books.captured
            assert state.available_paise == books.available
            assert 0 <= state.held_paise <= state.available_paise
            assert (
                state.allocated_paise,
                state.refunded_or_reserved_paise,
                state.forfeited_paise,
                state.reversed_paise,
                state.dispute_lost_covered_paise,
            ) == books.terms
            assert state.refunded_paise <= state.refunded_or_reserved_paise <= state.captured_paise

    @invariant()
    def invoices_are_not_paid_twice(self) -> None:
        for invoice_id, total in INVOICES.items():
            paid = sum(books.allocated[invoice_id] for books in getattr(self, "books", {}).values())
            assert paid <= total

    @invariant()
    def the_drawer_holds_what_went_in_less_what_went_out(self) -> None:
        if hasattr(self, "cash"):
            session = self.world.state("cash_session", "cash_1")
            assert session.expected_paise == self.cash >= 0

    @invariant()
    def references_stand_on_one_payment(self) -> None:
        states = [self.world.state("payment", id) for id in getattr(self, "books", {})]
        held = [state for state in states if state.captured_paise]
        keys = [state.gateway_payment_id for state in held if state.gateway_payment_id]
        rrns = [state.rrn for state in held if state.rrn and not state.reversed_paise]
        assert len(set(keys)) == len(keys)
        assert len(set(rrns)) == len(rrns)


Money.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestMoney = Money.TestCase
