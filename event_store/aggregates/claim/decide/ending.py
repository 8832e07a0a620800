"""The end of a claim: what the payer will not pay finds its place (C113, C114)."""

from __future__ import annotations

from event_store.aggregates.claim.commands import CancelClaim, CloseClaim
from event_store.aggregates.claim.decide.standing import check_state
from event_store.aggregates.claim.events import ClaimCancelled, ClaimClosed
from event_store.aggregates.claim.state import OVER, State
from mymedic.deciding import Context, check
from mymedic.messages import Event


def close_claim(state: State, command: CloseClaim, context: Context) -> list[Event]:
    """Also one that was settled in part: of a payer that pays no more, the rest is residual like a disallowance."""
    check_state(state, state.status in ("settled", "partially_settled", "rejected"))
    unpaid = max(0, state.outstanding_paise)
    return [
        ClaimClosed(
            treatment=command.disallowance_treatment,
            residual_paise=state.disallowed_paise + unpaid,
        )
    ]


def cancel_claim(state: State, command: CancelClaim, context: Context) -> list[Event]:
    check_state(state, state.status not in OVER)
    check(not state.settlements, "INVALID_STATE", "the payer has paid for this claim", status=state.status)
    return [ClaimCancelled(reason=command.reason)]
