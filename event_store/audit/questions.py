"""The auditor's questions by their words, as the API's paths and the command line have them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from event_store.audit.answers import Answer
from event_store.audit.asked import Asked
from event_store.audit.book import Book
from event_store.audit.changes import Changes, changes
from event_store.audit.events import AuditedEvents, events
from event_store.audit.forfeits import Books, Forfeits, forfeits
from event_store.audit.history import Initiators, Order, Timeline, initiators, order, timeline
from event_store.audit.payments import Payments, payments
from event_store.audit.policies import Policies, policies
from event_store.audit.refunds import Refunds, refunds

Ask = Callable[[Book, Asked], Answer]


class Question(NamedTuple):
    """`is_paged`: of events, not of a sum over all of them."""

    ask: Ask
    answer: type[Answer]
    summary: str
    is_paged: bool = True

    def with_books(self, books: Books | None) -> Ask:
        """How it is asked where the published books can be read, or cannot."""
        return partial(forfeits, books=books) if self.ask is forfeits else self.ask


QUESTIONS: dict[str, Question] = {
    "events": Question(events, AuditedEvents, "Every event, with who is behind it and its hash proof."),
    "timeline": Question(timeline, Timeline, "Q1 What happened?"),
    "order": Question(order, Order, "Q2 In what order, by both clocks?"),
    "initiators": Question(initiators, Initiators, "Q3 Who initiated it?"),
    "changes": Question(changes, Changes, "Q4 What changed?"),
    "policies": Question(policies, Policies, "Q5 What policy applied, and is it right when worked out again?"),
    "payments": Question(payments, Payments, "Q6 What payment applied?", is_paged=False),
    "refunds": Question(refunds, Refunds, "Q7 What was refunded?", is_paged=False),
    "forfeits": Question(forfeits, Forfeits, "Q8 What was forfeited?", is_paged=False),
}
