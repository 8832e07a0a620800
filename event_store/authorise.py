"""Who may ask for what: role, tenant and branch. The command's `who` is the authority for roles."""

from __future__ import annotations

from typing import Any

from mymedic.deciding import Streams
from mymedic.errors import Refused
from mymedic.messages import Envelope
from mymedic.patients import records_of


def authorise_role(envelope: Envelope) -> None:
    """Before anything is loaded: does any of the actor's roles allow this command at all?"""
    command = type(envelope.command)
    if command.who.isdisjoint(envelope.actor.roles):
        raise Refused("FORBIDDEN", f"{command.__name__} is for {', '.join(sorted(command.who))}")


def authorise_target(envelope: Envelope, state: Any, streams: Streams) -> None:
    """After loading: is the target in the actor's branches, and is it the actor's own where only that is allowed?"""
    actor = envelope.actor
    state = state if state.exists else None  # a state to be knows its id, which is nobody's yet
    if actor.branch_scope != "*":
        branch_id = getattr(state, "branch_id", None) or getattr(envelope.command, "branch_id", None)
        if branch_id is not None and branch_id not in actor.branch_scope:
            raise Refused("FORBIDDEN_BRANCH", f"{branch_id} is not one of this actor's branches", branch_id=branch_id)
    if actor.roles == ("PP",):
        patient_id = getattr(state, "patient_id", None) or getattr(envelope.command, "patient_id", None)
        guardian_id = getattr(state or envelope.command, "guardian_patient_id", None)
        own = {patient_id, guardian_id} - {None}
        if own and actor.patient_id not in own and not _acts_for(actor.patient_id, own, streams):
            # The same words as for an id that does not exist: a patient learns nothing of others' records.
            raise Refused("NOT_FOUND", "there is no such record")
    if envelope.command.who & set(actor.roles) == {"DR"}:
        practitioner_id = getattr(state, "practitioner_id", None) or getattr(envelope.command, "practitioner_id", None)
        if practitioner_id and practitioner_id != actor.practitioner_id:
            raise Refused("FORBIDDEN", "a doctor acts on their own schedule and patients only")


def _acts_for(actor_patient_id: str | None, own: set[Any], streams: Streams) -> bool:
    """R-AUTH-3 beyond the plain case: under another of the patient's own records, or as the guardian of a dependent."""
    if actor_patient_id is None:
        return False
    me = set(records_of(streams, actor_patient_id))
    theirs = {record_id for patient_id in own for record_id in records_of(streams, patient_id)}
    guardians = {streams.state("patient", record_id).guardian_patient_id for record_id in theirs}
    return not me.isdisjoint(theirs | guardians)
