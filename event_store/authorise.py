"""Who may ask for what. A command's `who` says which roles; `REACH` says how far each of them reaches.

These two are the authority: docs/reference/roles.md is written from them, and nothing else decides it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import msgspec

from event_store.touched import Record, branches_named, records_touched
from mymedic.deciding import Aggregate, Context, Decision, Streams
from mymedic.errors import Refused, not_found
from mymedic.messages import Actor, Command, Envelope, Role
from mymedic.patients import records_of

Reach = Literal["own patient", "own practice", "branches", "tenant"]

# own patient: their own records, and those whose guardian they are (R-AUTH-3)
# own practice: their own schedules, and what happened on them
# branches: the branches of the actor's scope (R-AUTH-2)
# tenant: everything of the tenant
REACH: dict[Role, Reach] = {
    "PP": "own patient",
    "DR": "own practice",
    "FD": "branches",
    "FN": "branches",
    "CM": "branches",
    "AU": "branches",
    "IN": "branches",
    "EN": "tenant",
    "SY": "tenant",
}
# What holds for all branches unless it names some: whoever has only some may not change it.
MASTER_DATA = frozenset({"tenant", "branch", "practitioner", "staff", "price", "policy", "recon_case"})
# What a doctor did themself, whoever's patient it was done to.
OWN_ACTS = frozenset({"RecordServicePerformed"})
# Roles that the log grants and takes away again (C11, C12); the others come with a patient, a doctor or a program.
STAFF_ROLES = frozenset({"FD", "FN", "CM", "AU", "EN"})


def as_granted(actor: Actor, staff: Any, who: frozenset[str] = STAFF_ROLES) -> Actor:
    """The actor with no more than the log grants, where it knows them: a token outlives what it was issued for.

    The branches are those of the roles in `who`: a role held elsewhere lends none to a command that is not its own.
    """
    if not staff.exists:
        return actor
    held: dict[str, tuple[str, ...]] = staff.held
    roles = tuple(role for role in actor.roles if role not in STAFF_ROLES or role in held)
    scopes = [held[role] for role in roles if role in held and role in who]
    granted: Literal["*"] | set[str] = "*" if ("*",) in scopes else {branch for scope in scopes for branch in scope}
    scope = actor.branch_scope
    if scopes and granted != "*":
        scope = tuple(sorted(granted if scope == "*" else granted & set(scope)))
    return msgspec.structs.replace(actor, roles=roles, branch_scope=scope)


def authorise_role(envelope: Envelope) -> None:
    """Before anything is loaded: does any of the actor's roles allow this command at all?"""
    command = type(envelope.command)
    if command.who.isdisjoint(envelope.actor.roles):
        raise Refused("FORBIDDEN", f"{command.__name__} is for {', '.join(sorted(command.who))}")


def authorise_target(command: Command, context: Context, aggregate: Aggregate, decision: Decision, state: Any) -> None:
    """After loading: is what the command touches within the reach of a role that may ask?

    NOT_FOUND for an id that is unknown, before anything else is said of it; FORBIDDEN_BRANCH, FORBIDDEN. A patient
    is told NOT_FOUND of others' records too, in the same words and after the same questions.
    """
    reaches = _reaches(command, context.actor)
    is_limited = _is_limited(context.actor, reaches)
    if not is_limited and not (context.cosigner is not None and context.cosigner.branch_scope != "*"):
        return
    records = list(records_touched(command, context, aggregate, decision, state))
    if reaches == {"own patient"}:
        _check_patient(records, command, context, aggregate)
        return
    for record in records:
        if not record.exists:
            raise not_found(record.aggregate, record.id)
    if is_limited:
        refusals = [_refusal(reach, records, command, context, aggregate) for reach in sorted(reaches)]
        if refusals and None not in refusals:
            raise next(refusal for refusal in refusals if refusal is not None)
    if context.cosigner is not None and (refusal := _outside(records, command, context, aggregate, context.cosigner)):
        raise refusal


def _reaches(command: Command, actor: Actor) -> set[Reach]:
    return {REACH[role] for role in actor.roles if role in command.who}


def _is_limited(actor: Actor, reaches: set[Reach]) -> bool:
    return not ("tenant" in reaches or ("branches" in reaches and actor.branch_scope == "*"))


def _refusal(
    reach: Reach, records: Sequence[Record], command: Command, context: Context, aggregate: Aggregate
) -> Refused | None:
    """Why this reach does not suffice, or None when it does."""
    if reach == "branches":
        return _outside(records, command, context, aggregate, context.actor)
    if reach == "own practice":
        return _of_another_doctor(records, command, context)
    try:
        _check_patient(records, command, context, aggregate)
    except Refused as refusal:
        return refusal
    return None


def _outside(
    records: Sequence[Record], command: Command, context: Context, aggregate: Aggregate, actor: Actor
) -> Refused | None:
    """R-AUTH-2: every branch that the command touches must be one of the actor's."""
    if actor.branch_scope == "*":
        return None
    touched = sorted({*branches_named(command, context), *_branches_of(records)})
    if not touched and aggregate.name in MASTER_DATA:
        return Refused("FORBIDDEN_BRANCH", "this holds for every branch, and this actor has only some of them")
    for branch_id in touched:
        if branch_id not in actor.branch_scope:
            return Refused("FORBIDDEN_BRANCH", f"{branch_id} is not one of this actor's branches", branch_id=branch_id)
    return None


def _branches_of(records: Sequence[Record]) -> Iterator[str]:
    """Only where a record says so itself: what was advised in one branch may be done in another."""
    for record in records:
        branch_id = getattr(record.state, "branch_id", None)
        if branch_id:
            yield branch_id


def _of_another_doctor(records: Sequence[Record], command: Command, context: Context) -> Refused | None:
    """A doctor acts where one of the records is theirs; with no record at all, where they name themselves."""
    own = context.actor.practitioner_id
    doctors = [doctor for record in records if (doctor := _doctor_of(record, context)) is not None]
    named = getattr(command, "practitioner_id", None)
    if named is not None and (not doctors or type(command).__name__ in OWN_ACTS):
        doctors.append(named)
    if own is not None and (own in doctors or not (doctors or records)):
        return None
    return Refused("FORBIDDEN", "a doctor acts on their own schedule and patients only")


def _doctor_of(record: Record, context: Context) -> str | None:
    if record.aggregate == "practitioner":
        return record.id if record.is_target else None
    return record.about("practitioner_id", context)


def _check_patient(records: Sequence[Record], command: Command, context: Context, aggregate: Aggregate) -> None:
    """R-AUTH-3. An unknown id takes the same questions as another's, so that neither words nor work tell them apart."""
    for record in records:
        if record.exists and not record.is_somebodys():
            continue  # a doctor, a schedule: nobody's own
        patient_id = record.about("patient_id", context) or record.id
        is_own = is_own_patient(context, context.actor.patient_id, patient_id)
        if not record.exists or not is_own:
            raise not_found(record.aggregate, record.id)
    if aggregate.name == "patient" and not any(record.is_target for record in records):
        _check_new_patient(command, context)


def is_own_patient(streams: Streams, own: str | None, patient_id: str) -> bool:
    """Theirs under whichever of their records, or of somebody whose guardian they are."""
    if own is None or patient_id == own:
        return own is not None
    mine, theirs = set(records_of(streams, own)), records_of(streams, patient_id)
    guardians = (streams.state("patient", record_id).guardian_patient_id for record_id in theirs)
    return not mine.isdisjoint([*theirs, *guardians])


def _check_new_patient(command: Command, context: Context) -> None:
    own, guardian = context.actor.patient_id, getattr(command, "guardian_patient_id", None)
    if own is None or context.id == own or (guardian is not None and is_own_patient(context, own, guardian)):
        return
    raise Refused("FORBIDDEN", "a patient registers themself, or a child whose guardian they are")
