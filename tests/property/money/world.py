"""A tenant's money in memory, begun anew thousands of times: decisions are real, everything around them is small.

`tests.scenario` keeps a log, tags and hashed ids; here a history of a dozen commands takes about half a millisecond.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

from event_store.aggregates.cash_session.events import CashMovementRecorded
from event_store.aggregates.claim.events import ClaimCancelled, ClaimClosed
from event_store.aggregates.claim.state import State as Claim
from event_store.aggregates.invoice.events import InvoiceCredited, InvoiceIssued, InvoiceWrittenOff
from event_store.aggregates.payment import events as e
from event_store.aggregates.payment.state import State as Payment
from event_store.catalogue import AGGREGATES, owner_of
from mymedic.clock import INDIA, business_date
from mymedic.errors import Refused
from mymedic.messages import Actor, Command, Event, On
from mymedic.receivables import outstanding
from tests.property.money.books import Books, ClaimBooks
from tests.scenario import Scenario


class World:
    """States, guards and two sets of books; it is its own `Context`. Whatever breaks an invariant raises here."""

    # Neither what an invoice asks for nor what stands against it changes with these.
    _LEAVING_DEBT = frozenset(
        {
            On,
            *(e.PaymentAuthorized, e.PaymentCaptured, e.PaymentFailed, e.PaymentExpired, e.PaymentReversed),
            *(e.DepositForfeited, e.DepositForfeitReversed, e.DisputeOpened, e.DisputeUpdated),
            *(e.RefundRequested, e.RefundApproved, e.RefundRejected),
            *(e.RefundInitiated, e.RefundProcessed, e.RefundFailed),
        }
    )
    channel = "api"
    cosigner = None
    command_id = "cmd_1"
    tz = INDIA

    def __init__(self, base: Scenario, invoices: dict[str, InvoiceIssued]) -> None:
        self.tenant_id = base.tenant_id
        self.now = self.occurred_at = base.now
        self._fixed = base.states
        self._fixed_guards = {key: holder for key, (holder, _) in base.held.items()}
        self.invoices = invoices
        self._cash_events = [event for aggregate, _, event in base.log if aggregate == "cash_session"]
        self.seen: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()

    def begin(self) -> None:
        """Forget the last history."""
        self.states: dict[tuple[str, str], Any] = {}
        self.held: dict[tuple[str, str], str] = {}
        self.payments: dict[str, Payment] = {}
        self.claims: dict[str, Claim] = {}
        self.books: dict[str, Books] = {}
        self.claim_books: dict[str, ClaimBooks] = {}
        self.payable = {id: issued.total_paise for id, issued in self.invoices.items()}
        self.references: dict[tuple[str, str], str] = {}  # of gateways and banks -> payment
        self.cash = 0
        self.made = 0
        self.commands = 0
        given = [("invoice", *one) for one in self.invoices.items()]
        for aggregate, id, event in [*given, *(("cash_session", "cash_1", event) for event in self._cash_events)]:
            kind = AGGREGATES[aggregate]
            state = self.states[aggregate, id] = kind.fresh(id)
            kind.evolve(state, event)
        self.cash = self.state("cash_session", "cash_1").expected_paise

    # As mymedic.deciding.Context asks.
    def today(self) -> date:
        return business_date(self.now, self.tz)

    def new_id(self, prefix: str) -> str:
        self.made += 1
        return f"{prefix}_{self.made}"

    def state(self, aggregate: str, id: str) -> Any:
        key = aggregate, id
        return self.states.get(key) or self._fixed.get(key) or AGGREGATES[aggregate].fresh(id)

    def require(self, aggregate: str, id: str) -> Any:
        state = self.state(aggregate, id)
        if not state.exists:
            raise Refused("NOT_FOUND", id)
        return state

    def related(self, aggregate: str, kind: str, value: str) -> Sequence[Any]:
        """All there are: what is not about the invoice or appointment counts for nothing there."""
        return list({"payment": self.payments, "claim": self.claims}.get(aggregate, {}).values())

    def holder(self, kind: str, value: str) -> str | None:
        key = kind, value
        return self.held.get(key) or self._fixed_guards.get(key)

    def guards(self, kind: str, prefix: str) -> Sequence[str]:
        return [
            value
            for held in (self.held, self._fixed_guards)
            for own, value in held
            if own == kind and value.startswith(prefix)
        ]

    def actors_behind(self, aggregate: str, id: str, event_type: str, **having: Any) -> frozenset[str]:
        """Who approves is somebody else here."""
        return frozenset()

    def ask(self, command: Command, actor: Actor) -> bool:
        """Decide a command and fold what comes of it; False when it was refused."""
        aggregate, decision = owner_of(type(command))
        self.actor = actor
        try:
            if callable(decision.target):
                self.id = decision.target(command, self)
            else:
                self.id = (decision.target and getattr(command, decision.target)) or self.new_id(aggregate.id_prefix)
            decided = list(decision.decide(self.state(aggregate.name, self.id), command, self))
        except Refused as refusal:
            self.refusals[f"{type(command).__name__} {refusal.code}"] += 1
            return False
        for item in decided:
            if isinstance(item, On):
                self.give(item.aggregate, item.id, item.event)
            else:
                self.give(aggregate.name, self.id, item)
        if not decided:
            return False
        self.commands += 1
        if not self._LEAVING_DEBT.issuperset(map(type, decided)):
            self.check_invoices()
        return True

    def give(self, aggregate: str, id: str, event: Event) -> None:
        """Fold one event, book it by the books' own rules, and compare the two."""
        kind = AGGREGATES[aggregate]
        state = self.states.get((aggregate, id))
        if state is None:
            state = self.states[aggregate, id] = kind.fresh(id)
        change = kind.guards(state, event)
        if change is not None:
            for guard in change.release:
                self.held.pop((guard.kind, guard.value), None)
            for guard in change.claim:
                assert self.holder(guard.kind, guard.value) is None, guard
                self.held[guard.kind, guard.value] = id
        kind.evolve(state, event)
        self.seen[_kind(event)] += 1
        if aggregate == "payment":
            self._book_payment(id, state, event)
        elif aggregate == "claim":
            self._book_claim(id, state, event)
        elif isinstance(event, InvoiceCredited):
            self.payable[id] -= event.total_paise
        elif isinstance(event, InvoiceWrittenOff):
            self.payable[id] -= event.amount_paise
        elif isinstance(event, CashMovementRecorded):
            self.cash += event.amount_paise if event.kind in ("sale_in", "float_in") else -event.amount_paise
            assert state.expected_paise == self.cash >= 0

    def _book_payment(self, id: str, state: Payment, event: Event) -> None:
        """INV-P1, INV-P2 and INV-P4, after every event."""
        books = self.books.get(id)
        if books is None:
            books = self.books[id] = Books()
            self.payments[id] = state
        books.book(event)
        terms = books.terms
        available = books.captured - sum(terms)
        assert min(available, *terms) >= 0, event
        assert available == state.available_paise, event
        assert terms == (
            state.allocated_paise,
            state.refunded_or_reserved_paise,
            state.forfeited_paise,
            state.reversed_paise,
            state.dispute_lost_covered_paise,
        ), event
        assert terms[1] <= state.captured_paise == books.captured, event
        if isinstance(event, e.PaymentCaptured):
            if event.gateway_payment_id:
                self._refer(f"gateway {event.gateway}", event.gateway_payment_id, id)
            if event.rrn:
                self._refer("rrn", event.rrn, id)
        elif isinstance(event, e.PaymentReversed) and state.rrn:
            del self.references["rrn", state.rrn]

    def _refer(self, kind: str, value: str, id: str) -> None:
        assert self.references.setdefault((kind, value), id) == id, f"{kind} {value} is on two payments"

    def _book_claim(self, id: str, state: Claim, event: Event) -> None:
        """INV-C1, after every event."""
        books = self.claim_books.get(id)
        if books is None:
            books = self.claim_books[id] = ClaimBooks()
            self.claims[id] = state
        books.book(event)
        assert (books.claimed, books.approved, books.disallowed, books.under) == (
            state.claimed_paise,
            state.approved_paise,
            state.disallowed_paise,
            state.under_adjudication_paise,
        ), event
        assert books.claimed == books.approved + books.disallowed + books.under, event
        assert min(books.claimed, books.approved, books.disallowed, books.under) >= 0, event
        assert (books.gross, books.approved - books.gross) == (state.settled_gross_paise, state.outstanding_paise)
        assert books.gross == books.net + books.tds + books.other, event
        waiting = {f"{query.stage}_queried" for query in state.queries.values() if query.is_open}
        assert not state.status.endswith("_queried") or state.status in waiting, event
        assert not (waiting and isinstance(event, ClaimClosed | ClaimCancelled)), event

    def check_invoices(self) -> None:
        """INV-P3, after every transaction: a credit note gives money back in the same one that takes the debt away."""
        for invoice_id, payable in self.payable.items():
            allocated = sum(books.allocated.get(invoice_id, 0) for books in self.books.values())
            claimed = sum(books.moved for books in self.claim_books.values() if books.invoice_id == invoice_id)
            assert claimed >= 0
            assert outstanding(self, invoice_id) == payable - claimed - allocated >= 0, invoice_id


def _kind(event: Event) -> str:
    """What an event is an instance of, as far as a test of money cares."""
    detail = next(iter(getattr(event, "flags", ())), "")
    match event:
        case e.PaymentCaptured(late_capture=True):
            detail = "late"
        case e.PaymentCaptured(flags=(*_, flag)):
            detail = flag
        case e.RefundApproved():
            detail = event.approval
        case e.RefundInitiated(attempt=attempt) if attempt > 1:
            detail = "again"
        case e.RefundProcessed(destination="cash"):
            detail = "cash"
        case e.RefundFailed(final=True):
            detail = "final"
        case e.DisputeOpened(deduct_at_onset=True, flags=()):
            detail = "deducted"
        case e.DisputeResolved(uncovered_paise=uncovered) if uncovered:
            detail = "uncovered"
        case e.DisputeResolved():
            detail = event.outcome
        case e.PaymentDeallocated() | e.DepositForfeitReversed():
            detail = event.reason
    return f"{type(event).__name__} {detail}".rstrip()
