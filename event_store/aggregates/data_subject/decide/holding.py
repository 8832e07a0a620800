"""Legal holds: while one stands, nothing of its subject is destroyed or redacted."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from event_store.aggregates.data_subject.commands import PlaceLegalHold, ReleaseLegalHold
from event_store.aggregates.data_subject.events import HoldScope, LegalHoldPlaced, LegalHoldReleased
from event_store.aggregates.data_subject.state import HOLD, State
from mymedic.deciding import Context, Decision, check
from mymedic.errors import Refused
from mymedic.messages import Command, Event


def place_hold(state: State, command: PlaceLegalHold, context: Context) -> Iterable[Event]:
    subject = command.subject
    scopes: dict[HoldScope, object] = {
        "patient": subject.patient_id,
        "admission": subject.admission_id,
        "claim": subject.claim_id,
        "tenant": subject.tenant,
    }
    yield LegalHoldPlaced(
        hold_id=command.hold_id or context.new_id("hold"),
        scope=next(name for name, given in scopes.items() if given),
        admission_id=subject.admission_id,
        claim_id=subject.claim_id,
        reason=command.reason,
        authority_ref=command.authority_ref,
    )


def release_hold(state: State, command: ReleaseLegalHold, context: Context) -> Iterable[Event]:
    check(command.hold_id in state.holds, "INVALID_STATE", "this hold has been released already", id=command.hold_id)
    yield LegalHoldReleased(hold_id=command.hold_id, reason=command.reason, authority_ref=command.authority_ref)


def check_no_hold(context: Context, patient_ids: Collection[str]) -> None:
    """LEGAL_HOLD_ACTIVE when a hold stands on one of these records or on the whole tenant."""
    held = [
        hold_id
        for subject_id in (*patient_ids, context.tenant_id)
        for hold_id in context.state("data_subject", subject_id).holds
    ]
    check(not held, "LEGAL_HOLD_ACTIVE", "a legal hold forbids it", hold_ids=held)


def _held(command: PlaceLegalHold, context: Context) -> str:
    """The stream that the hold stands on."""
    subject = command.subject
    given = [subject.patient_id, subject.admission_id, subject.claim_id, subject.tenant or None]
    check(
        sum(one is not None for one in given) == 1,
        "VALIDATION_FAILED",
        "a hold is on one patient, admission or claim, or on the tenant",
        field="subject",
    )
    if subject.tenant:
        return context.tenant_id
    if subject.patient_id is not None:
        context.require("patient", subject.patient_id)
        return subject.patient_id
    aggregate, id = ("admission", subject.admission_id) if subject.admission_id else ("claim", subject.claim_id)
    return str(context.require(aggregate, id or "").patient_id)


def _of_hold(command: ReleaseLegalHold, context: Context) -> str:
    subject_id = context.holder(HOLD, command.hold_id)
    if subject_id is None:
        raise Refused("NOT_FOUND", f"there is no legal hold {command.hold_id}", id=command.hold_id)
    return subject_id


HOLDING: dict[type[Command], Decision] = {
    PlaceLegalHold: Decision(place_hold, target=_held, creates=None),
    ReleaseLegalHold: Decision(release_hold, target=_of_hold),
}
