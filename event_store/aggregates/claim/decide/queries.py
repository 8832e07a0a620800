"""The payer wants to know more, by a day that it names (C108, C109)."""

from __future__ import annotations

from event_store.aggregates.claim.commands import AnswerClaimQuery, RaiseClaimQuery
from event_store.aggregates.claim.decide.standing import oddity
from event_store.aggregates.claim.events import ClaimQueried, ClaimQueryAnswered, QueryPii
from event_store.aggregates.claim.state import State
from mymedic.deciding import Context, check
from mymedic.errors import Refused
from mymedic.messages import Event


def raise_claim_query(state: State, command: RaiseClaimQuery, context: Context) -> list[Event]:
    known = state.queries.get(command.query_id)
    if known is not None:
        check(
            (known.stage, known.due_at) == (command.stage, command.due_at),
            "ALREADY_EXISTS",
            "another query of the claim has this id",
            id=command.query_id,
        )
        return []
    return [
        ClaimQueried(
            query_id=command.query_id,
            stage=command.stage,
            due_at=command.due_at,
            flags=oddity(state, state.awaits(command.stage), context),
            pii=QueryPii(text=command.text),
        )
    ]


def answer_claim_query(state: State, command: AnswerClaimQuery, context: Context) -> list[Event]:
    query = state.queries.get(command.query_id)
    if query is None:
        raise Refused("NOT_FOUND", f"the claim has no query {command.query_id}", id=command.query_id)
    check(query.is_open, "INVALID_STATE", "nobody waits for an answer to this query any more", status=state.status)
    return [
        ClaimQueryAnswered(
            query_id=command.query_id,
            documents_n=len(command.documents),
            pii=QueryPii(text=command.text),
        )
    ]
