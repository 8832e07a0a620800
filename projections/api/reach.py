"""Who reads which rows of a view: as DOMAIN §1.2 says it for each role, and as the log grants the roles now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from event_store.authorise import REACH, is_own_patient
from event_store.retention.identity import View, granted, of_doctor
from mymedic.errors import Refused, not_found
from mymedic.messages import Actor, Role
from mymedic.patients import records_of
from projections.api.query import Query, Where, among

EVERYTHING = Where("1 = 1")


def reach(query: Query, view: View, actor: Actor, asked: Mapping[str, Any]) -> Where:
    """What the actor may see at all; FORBIDDEN, FORBIDDEN_BRANCH or NOT_FOUND for who asks beyond it by name.

    Whoever has several roles sees what each of them sees. An id that nobody knows is refused in the words of one that
    is somebody else's.
    """
    acting = _acting(query.readers, view, actor)
    seen: list[Where] = []
    refusals: list[Refused | None] = []
    for role, one in sorted(acting.items()):
        where, refusal = _reach_of(role, query, view, one, asked)
        if where is EVERYTHING:
            return EVERYTHING
        seen.append(where)
        refusals.append(refusal)
    if None not in refusals:
        raise next(refusal for refusal in refusals if refusal is not None)
    return Where(f"({' OR '.join(one.sql for one in seen)})", tuple(value for one in seen for value in one.values))


def branches_of(readers: frozenset[Role], view: View, actor: Actor, wanted: Sequence[str]) -> tuple[str, ...] | None:
    """The branches that are read, of those that are wanted; None: any. FORBIDDEN, FORBIDDEN_BRANCH."""
    acting = _acting(readers, view, actor)
    scopes = [one.branch_scope for role, one in acting.items() if REACH[role] != "tenant"]
    if len(scopes) < len(acting) or "*" in scopes:
        return tuple(wanted) or None
    scope = sorted({branch_id for one in scopes for branch_id in one})
    if (refusal := _outside(scope, wanted)) is not None:
        raise refusal
    return tuple(wanted or scope)


def _acting(readers: frozenset[Role], view: View, actor: Actor) -> dict[Role, Actor]:
    """The roles that may ask and that the log grants now, each with its own branches."""
    acting = {role: granted(view, actor, role) for role in readers & set(actor.roles)}
    acting = {role: one for role, one in acting.items() if one.has(role)}
    if not acting:
        raise Refused("FORBIDDEN", f"this is for {', '.join(sorted(readers))}")
    return acting


def _reach_of(
    role: Any, query: Query, view: View, actor: Actor, asked: Mapping[str, Any]
) -> tuple[Where, Refused | None]:
    how_far, row = REACH[role], query.row
    is_held = actor.branch_scope != "*" if how_far == "branches" else query.belongs_to == "somebody"
    if query.belongs_to == "nobody" or how_far == "tenant" or not is_held:
        return EVERYTHING, None
    if how_far == "branches":
        return among(row, "branch_id", actor.branch_scope), _outside(actor.branch_scope, asked.get("branch_id", ()))
    if how_far == "own patient":
        return _of_patient(query, view, actor, asked.get("patient_id", ()))
    own = [actor.practitioner_id] if actor.practitioner_id else []
    if "practitioner_id" not in row.__struct_fields__:
        return _of_own_patients(query, view, own, asked.get("patient_id", ()))
    return among(row, "practitioner_id", own), _of_another(own, asked.get("practitioner_id", ()))


def _outside(scope: Sequence[str], wanted: Sequence[str]) -> Refused | None:
    """R-AUTH-2."""
    for branch_id in wanted:
        if branch_id not in scope:
            return Refused("FORBIDDEN_BRANCH", f"{branch_id} is not one of this actor's branches", branch_id=branch_id)
    return None


def _of_another(own: Sequence[str], wanted: Sequence[str]) -> Refused | None:
    if set(wanted) <= set(own):
        return None
    return Refused("FORBIDDEN", "a doctor reads their own schedule and patients only")


def _of_own_patients(
    query: Query, view: View, own: Sequence[str], wanted: Sequence[str]
) -> tuple[Where, Refused | None]:
    """Where a row says nothing of a doctor: the patients asked for, if they are theirs."""
    records = view.records(wanted)
    met = of_doctor(view, own[0], records) if own else set()
    missing = next((one for one in wanted if one not in met), None)
    people = dict.fromkeys(record for one in sorted(met) for record in records[one])
    return among(query.row, "patient_id", list(people)), not_found("patient", missing) if missing else None


def _of_patient(query: Query, view: View, actor: Actor, wanted: Sequence[str]) -> tuple[Where, Refused | None]:
    """R-AUTH-3: themselves under all of their records; a dependent is asked for by name."""
    refusal = None
    people = []
    for patient_id in wanted or ([actor.patient_id] if actor.patient_id else []):
        if is_own_patient(view, actor.patient_id, patient_id):
            people.append(patient_id)
        else:
            refusal = refusal or not_found("patient", patient_id)
    records = dict.fromkeys(record for patient_id in people for record in records_of(view, patient_id))
    return among(query.row, "patient_id", list(records)), refusal


def every_record(view: View, patient_ids: Sequence[str]) -> list[str]:
    """All ids of the human beings behind some ids; an unknown one stands for itself."""
    known = view.records(patient_ids)
    return list(dict.fromkeys(one for asked in patient_ids for one in known.get(asked, [asked])))
