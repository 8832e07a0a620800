"""Erasure: asked for, approved by somebody else, and carried out after the notice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from hashlib import sha256

from event_store.aggregates.data_subject.commands import ApproveErasure, ExecuteDestruction, RequestErasure
from event_store.aggregates.data_subject.decide.holding import check_no_hold
from event_store.aggregates.data_subject.decide.retaining import blocking
from event_store.aggregates.data_subject.events import (
    DestructionCounts,
    DestructionExecuted,
    ErasureApproved,
    ErasureRequested,
    Method,
    PatientPseudonymised,
)
from event_store.aggregates.data_subject.state import REQUEST, Request, State
from mymedic.bodies import Replaced
from mymedic.deciding import Context, Decision, check, other_eyes
from mymedic.errors import Refused
from mymedic.messages import Command, Event, canonical_json
from mymedic.patients import check_present, records_of

NOTICE = timedelta(hours=48)
# What a person can be reached by, and what is made of it.
CONTACT = frozenset({"phone_e164", "address", "to_address", "phone_hash"})
# Keyed, but still the same for the same person: they go with the keys.
HASHES = frozenset({"phone_hash", "name_hash"})


def request_erasure(state: State, command: RequestErasure, context: Context) -> Iterable[Event]:
    check_present(context, command.patient_id)
    records = records_of(context, command.patient_id)
    check_no_hold(context, records)
    waiting = {request.scope for request in state.requests.values() if request.status != "executed"}
    check(command.scope not in waiting, "ALREADY_EXISTS", "such an erasure has been requested", scope=command.scope)
    yield ErasureRequested(
        request_id=command.request_id or context.new_id("dst"),
        scope=command.scope,
        requested_by=command.requested_by,
        entered_by=context.actor.id,
        earliest_execution_at=context.now + NOTICE,
        blocked_by=tuple(blocking(context, records)) if command.scope == "full" else (),
    )


def approve_erasure(state: State, command: ApproveErasure, context: Context) -> Iterable[Event]:
    request = state.requests[command.request_id]
    check(request.status == "requested", "INVALID_STATE", f"the request is {request.status}", status=request.status)
    approvers = {context.actor.id, context.actor.on_behalf_of}
    check(
        approvers.isdisjoint({request.requested_by, request.entered_by}),
        "FOUR_EYES_REQUIRED",
        "whoever asked for an erasure does not approve it",
    )
    other_eyes(context, "data_subject", context.id, "ErasureRequested", request_id=command.request_id)
    records = records_of(context, state.patient_id)
    check_no_hold(context, records)
    _check_retention(request, records, context)
    yield ErasureApproved(request_id=command.request_id)


def execute_destruction(state: State, command: ExecuteDestruction, context: Context) -> Iterable[Event]:
    request = state.requests[command.request_id]
    check(request.status == "approved", "INVALID_STATE", f"the request is {request.status}", status=request.status)
    check(
        context.now >= request.earliest_execution_at,
        "NOTICE_PERIOD_RUNNING",
        "the notice before an erasure takes 48 hours",
        earliest_execution_at=request.earliest_execution_at.isoformat(),
    )
    records = records_of(context, state.patient_id)
    check_no_hold(context, records)
    _check_retention(request, records, context)  # the patient may have come again since
    bodies = context.bodies
    method: tuple[Method, ...]
    events = 0
    key_ids: tuple[str, ...] = ()
    replaced: tuple[Replaced, ...] = ()
    if request.scope == "full":
        method = ("keys_destroyed", "hashes_removed", "mentions_removed")
        events = bodies.sealed(records)
        replaced = (*bodies.strip(records, HASHES), *bodies.unseal_elsewhere(records))
        key_ids = tuple(bodies.destroy_keys(records))
    elif request.scope == "contact_only":
        method = ("contact_removed",)
        replaced = tuple(bodies.strip(records, CONTACT))
    else:
        method = ("pseudonym_rotated",)
        yield PatientPseudonymised(pseudonym_epoch=state.pseudonym_epoch + 1)
    yield DestructionExecuted(
        request_id=command.request_id,
        certificate_id=context.new_id("crt"),
        scope=request.scope,
        method=method,
        key_ids=key_ids,
        counts=DestructionCounts(events=events, bodies=len(replaced), keys=len(key_ids)),
        before_chain_hash=bodies.chain_hash(),
        manifest_sha256=sha256(canonical_json({"key_ids": key_ids, "replaced": replaced})).hexdigest(),
        replaced=replaced,
    )


def _check_retention(request: Request, records: Sequence[str], context: Context) -> None:
    """Identity is kept as long as one class that covers it; of the money only the clear part is (R-RET-1)."""
    if request.scope != "full":
        return
    until = blocking(context, records)
    check(
        not until,
        "RETENTION_NOT_ELAPSED",
        "the law asks for this record to be kept",
        retain_until={name: day.isoformat() for name, day in until.items()},
    )


def _of_request(command: ApproveErasure | ExecuteDestruction, context: Context) -> str:
    subject_id = context.holder(REQUEST, command.request_id)
    if subject_id is None:
        raise Refused("NOT_FOUND", f"there is no erasure request {command.request_id}", id=command.request_id)
    return subject_id


ERASING: dict[type[Command], Decision] = {
    RequestErasure: Decision(request_erasure, target="patient_id", creates=None),
    ApproveErasure: Decision(approve_erasure, target=_of_request),
    ExecuteDestruction: Decision(execute_destruction, target=_of_request),
}
