"""May we treat at the payer's cost? The preauthorisation, and more of it later (C104 to C106)."""

from __future__ import annotations

from event_store.aggregates.claim.commands import RecordPreauthDecision, RequestPreauthEnhancement, SubmitPreauth
from event_store.aggregates.claim.decide.coverage import check_consent
from event_store.aggregates.claim.decide.standing import (
    check_reach,
    check_same_patient,
    check_state,
    is_outside_fact,
    oddity,
)
from event_store.aggregates.claim.events import (
    DiagnosisPii,
    Flag,
    PreauthApproved,
    PreauthEnhancementRequested,
    PreauthRejected,
    PreauthSubmitted,
    RemarksPii,
)
from event_store.aggregates.claim.state import State
from mymedic.deciding import Context, check
from mymedic.messages import Event


def submit_preauth(state: State, command: SubmitPreauth, context: Context) -> list[Event]:
    check_state(state, state.status in ("draft", "eligibility_checked"))
    for name in ("payer_id", "coverage_id"):
        check(
            getattr(command, name) == getattr(state, name),
            "VALIDATION_FAILED",
            f"that is not the {name.removesuffix('_id')} of this claim",
            field=name,
        )
    check(state.is_covered, "COVERAGE_INACTIVE", "the payer has not said that the cover is active")
    admission = context.require("admission", command.admission_id)
    check_reach(context, admission.branch_id)
    check_same_patient(state, admission, context, "admission_id")
    check(admission.status != "cancelled", "INVALID_STATE", "the admission is cancelled")
    check_consent(context, state.patient_id)
    return [
        PreauthSubmitted(
            branch_id=admission.branch_id,
            admission_id=command.admission_id,
            payer_id=command.payer_id,
            coverage_id=command.coverage_id,
            amount_paise=command.amount_paise,
            procedures=command.procedures,
            pii=DiagnosisPii(diagnosis=command.diagnosis) if command.diagnosis else None,
        )
    ]


def record_preauth_decision(state: State, command: RecordPreauthDecision, context: Context) -> list[Event]:
    _check_consistent(command)
    if not state.awaits("preauth") and _is_known(state, command):
        return []
    flags = oddity(state, state.status in ("preauth_submitted", "enhancement_submitted"), context)
    pii = RemarksPii(remarks=command.remarks) if command.remarks else None
    if command.outcome == "rejected":
        return [PreauthRejected(reason_code=command.reason_code, flags=flags, pii=pii)]
    assert command.preauth_ref is not None
    if command.approved_paise > state.requested_paise:
        check(
            is_outside_fact(context),
            "DECISION_EXCEEDS_CLAIM",
            f"{state.requested_paise} paise were asked for",
            requested_paise=state.requested_paise,
        )
        flags = _and(flags, "exceeds_claim")
    return [
        PreauthApproved(
            approved_paise=command.approved_paise,
            preauth_ref=command.preauth_ref,
            flags=flags,
            pii=pii,
        )
    ]


def _and(flags: tuple[Flag, ...], flag: Flag) -> tuple[Flag, ...]:
    return (*flags, flag)


def _check_consistent(command: RecordPreauthDecision) -> None:
    is_approved = command.outcome == "approved"
    check(
        (command.approved_paise > 0) == is_approved,
        "VALIDATION_FAILED",
        "an approval has an amount, a rejection has none",
        field="approved_paise",
    )
    check(
        command.preauth_ref is not None or not is_approved,
        "VALIDATION_FAILED",
        "an approval has a reference",
        field="preauth_ref",
    )


def _is_known(state: State, command: RecordPreauthDecision) -> bool:
    """The payer's last word once more: nothing new."""
    if command.outcome == "rejected":
        return state.status == "preauth_rejected"
    return (command.preauth_ref, command.approved_paise) == (state.preauth_ref, state.preauth_paise)


def request_preauth_enhancement(state: State, command: RequestPreauthEnhancement, context: Context) -> list[Event]:
    check_state(state, state.status == "preauth_approved")
    return [PreauthEnhancementRequested(additional_paise=command.additional_paise, reason_code=command.reason)]
