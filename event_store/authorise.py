"""Who may ask for what: role, tenant and branch. The command's `who` is the authority for roles."""

from __future__ import annotations

from typing import Any

from mymedic.errors import Refused
from mymedic.messages import Envelope


def authorise_role(envelope: Envelope) -> None:
    """Before anything is loaded: does any of the actor's roles allow this command at all?"""
    command = type(envelope.command)
    if command.who.isdisjoint(envelope.actor.roles):
        raise Refused("FORBIDDEN", f"{command.__name__} is for {', '.join(sorted(command.who))}")


def authorise_target(envelope: Envelope, state: Any) -> None:
    """After loading: is the target in the actor's branches, and is it the actor's own where only that is allowed?"""
    actor = envelope.actor
    state = state if state.exists else None  # a state to be knows its id, which is nobody's yet
    if actor.branch_scope != "*":
        branch_id = getattr(state, "branch_id", None) or getattr(envelope.command, "branch_id", None)
        if branch_id is not None and branch_id not in actor.branch_scope:
            raise Refused("FORBIDDEN_BRANCH", f"{branch_id} is not one of this actor's branches", branch_id=branch_id)
    if actor.roles == ("PP",):
        patient_id = getattr(state, "patient_id", None) or getattr(envelope.command, "patient_id", None)
        own = {patient_id, getattr(state, "guardian_patient_id", None)} - {None}
        if own and actor.patient_id not in own:
            # The same words as for an id that does not exist: a patient learns nothing of others' records.
            raise Refused("NOT_FOUND", "there is no such record")
    if envelope.command.who & set(actor.roles) == {"DR"}:
        practitioner_id = getattr(state, "practitioner_id", None) or getattr(envelope.command, "practitioner_id", None)
        if practitioner_id and practitioner_id != actor.practitioner_id:
            raise Refused("FORBIDDEN", "a doctor acts on their own schedule and patients only")
