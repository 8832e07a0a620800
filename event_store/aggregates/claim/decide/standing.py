"""Whose word it is and whose record: what the decisions of every stage ask first."""

from __future__ import annotations

from typing import Any

from event_store.aggregates.claim.events import Flag
from event_store.aggregates.claim.state import State
from mymedic.deciding import Context, check
from mymedic.errors import Refused
from mymedic.patients import same_patient


def is_outside_fact(context: Context) -> bool:
    """Whether a payer's own system says it: then it is recorded, not judged (R-CMD-7)."""
    return context.actor.type == "integration"


def oddity(state: State, is_expected: bool, context: Context) -> tuple[Flag, ...]:
    """How an unexpected message is flagged; INVALID_STATE when it is a person's."""
    if is_expected:
        return ()
    check_state(state, is_outside_fact(context))
    return ("unexpected_state",)


def check_state(state: State, is_allowed: bool) -> None:
    check(is_allowed, "INVALID_STATE", f"the claim is {state.status}", status=state.status)


def check_reach(context: Context, branch_id: str | None) -> None:
    """A claim comes to a branch only with its admission or invoice: the stream does not say it before that."""
    scope = context.actor.branch_scope
    if branch_id is not None and scope != "*" and branch_id not in scope:
        raise Refused("FORBIDDEN_BRANCH", f"{branch_id} is not one of this actor's branches", branch_id=branch_id)


def check_same_patient(state: State, other: Any, context: Context, field: str) -> None:
    """The admission or invoice must be of the human being whose claim it is."""
    check(
        same_patient(context, other.patient_id, state.patient_id),
        "VALIDATION_FAILED",
        f"the {field.removesuffix('_id')} is another patient's",
        field=field,
    )
