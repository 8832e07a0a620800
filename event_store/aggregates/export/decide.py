"""The rules of an export: nobody gets a file of more than they may read."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from event_store.aggregates.export.commands import RecordExportResult, RequestExport
from event_store.aggregates.export.events import ExportCompleted, ExportFailed, ExportFilters, ExportRequested, Surface
from event_store.aggregates.export.state import State
from mymedic.deciding import Context, Decision, check
from mymedic.errors import Refused
from mymedic.messages import Command, Event
from mymedic.patients import same_patient

_ALL: frozenset[Surface] = frozenset({"census", "visit_history", "provider_schedule", "billing", "insurance_claims"})
# The row "Export run" of the permission matrix (DOMAIN §1.2), from the widest role to the narrowest.
SURFACES: dict[str, frozenset[Surface]] = {
    "CM": _ALL,
    "AU": _ALL,
    "IN": _ALL,
    "FN": frozenset({"billing", "insurance_claims"}),
    "FD": frozenset({"census", "visit_history", "provider_schedule"}),
    "DR": frozenset({"visit_history", "provider_schedule"}),
    "PP": frozenset({"visit_history", "billing"}),
}
# An auditor reads names by break-glass, one person at a time; another program gets pseudonyms.
NAMES_FOR = frozenset({"CM", "FN", "FD", "DR", "PP"})


def request_export(state: State, command: RequestExport, context: Context) -> Iterable[Event]:
    filters = command.filters
    check(
        filters.from_ is None or filters.to is None or filters.from_ < filters.to,
        "EXPORT_SCOPE_INVALID",
        "the period ends before it begins",
        field="filters.to",
    )
    for name in filters.__struct_fields__:  # to whoever writes the file, an empty list could mean all as well as none
        check(getattr(filters, name) != (), "EXPORT_SCOPE_INVALID", "an empty list leaves nothing in", field=name)
    as_of = command.as_of or context.now
    check(as_of <= context.now, "EXPORT_SCOPE_INVALID", "nobody knows the future yet", field="as_of")
    for aggregate, ids in (("branch", filters.branch_ids), ("practitioner", filters.practitioner_ids)):
        for id in ids or ():
            context.require(aggregate, id)
    if filters.patient_id is not None:
        context.require("patient", filters.patient_id)
    role = _role(command, context)
    yield ExportRequested(
        surface=command.surface,
        format=command.format,
        filters=_within_branches(_own(filters, role, context), role, context),
        as_of=as_of,
        include_pii=command.include_pii,
    )


def _role(command: RequestExport, context: Context) -> str:
    """The widest role under which the actor may have this file."""
    roles = [role for role in SURFACES if context.actor.has(role) and command.surface in SURFACES[role]]
    check(roles, "EXPORT_SCOPE_INVALID", f"none of this actor's roles exports {command.surface}", field="surface")
    if command.include_pii:
        roles = [role for role in roles if role in NAMES_FOR]
        check(roles, "EXPORT_SCOPE_INVALID", "this actor's exports name nobody", field="include_pii")
    return roles[0]


def _own(filters: ExportFilters, role: str, context: Context) -> ExportFilters:
    """A patient and a doctor get what is their own, whether or not they said so."""
    actor = context.actor
    if role == "PP":
        patient_id = filters.patient_id or actor.patient_id or ""
        patient = context.require("patient", patient_id)
        is_own = same_patient(context, patient_id, actor.patient_id or "")
        # A token may name no patient; a patient without a guardian is not theirs for that.
        is_childs = actor.patient_id is not None and patient.guardian_patient_id == actor.patient_id
        if not is_own and not is_childs:
            raise Refused("NOT_FOUND", f"there is no patient {patient_id}", id=patient_id)
        return msgspec.structs.replace(filters, patient_id=patient_id)
    if role == "DR":
        own = (actor.practitioner_id or "",)
        check(
            actor.practitioner_id and filters.practitioner_ids in (None, own),
            "EXPORT_SCOPE_INVALID",
            "a doctor exports their own work",
            field="filters.practitioner_ids",
        )
        return msgspec.structs.replace(filters, practitioner_ids=own)
    return filters


def _within_branches(filters: ExportFilters, role: str, context: Context) -> ExportFilters:
    scope = context.actor.branch_scope
    if scope == "*" or role == "PP" or (role == "DR" and not scope):
        return filters
    check(scope, "EXPORT_SCOPE_INVALID", "this actor has no branch", field="filters.branch_ids")
    wanted = filters.branch_ids if filters.branch_ids is not None else scope
    outside = sorted(set(wanted) - set(scope))
    check(
        not outside,
        "EXPORT_SCOPE_INVALID",
        "some branches are not this actor's",
        field="filters.branch_ids",
        branch_ids=outside,
    )
    return msgspec.structs.replace(filters, branch_ids=tuple(wanted))


def record_result(state: State, command: RecordExportResult, context: Context) -> Iterable[Event]:
    check(state.status == "requested", "INVALID_STATE", f"this export has {state.status} already", status=state.status)
    if command.status == "completed":
        names = [file.name for file in command.files]
        check(
            names and len(set(names)) == len(names) and command.error_code is None,
            "VALIDATION_FAILED",
            "a completed export has files of different names and no error",
            field="files",
        )
        yield ExportCompleted(files=command.files)
    else:
        if command.error_code is None or command.files:
            raise Refused("VALIDATION_FAILED", "a failed export has an error and no files", field="error_code")
        yield ExportFailed(error_code=command.error_code)


DECISIONS: dict[type[Command], Decision] = {
    RequestExport: Decision(request_export, target="export_id", creates=True),
    RecordExportResult: Decision(record_result, target="export_id"),
}
