"""What the payer grants of the claim, and asking it again for the rest (C110, C111, INV-C1)."""

from __future__ import annotations

from event_store.aggregates.claim.commands import RecordClaimDecision, RequestClaimReprocess
from event_store.aggregates.claim.decide.standing import check_state, is_outside_fact, oddity
from event_store.aggregates.claim.events import ClaimAdjudicated, ClaimReprocessRequested, Flag
from event_store.aggregates.claim.state import AWAITING, State
from mymedic.deciding import Context, check
from mymedic.messages import Event


def record_claim_decision(state: State, command: RecordClaimDecision, context: Context) -> list[Event]:
    """Counts up to what is under adjudication: a payer's word beyond that is kept apart, so that INV-C1 holds."""
    _check_consistent(command)
    approved, disallowed = command.approved_paise, command.disallowed_paise
    if not state.awaits("claim") and state.last_decision == (command.outcome, approved, disallowed):
        return []
    flags: list[Flag] = list(oddity(state, state.status in AWAITING["claim"], context))
    # Of a cancelled claim everything went back to the patient: nothing is left to decide.
    open_paise = 0 if state.status == "cancelled" else state.under_adjudication_paise
    if approved + disallowed > open_paise:
        check(
            is_outside_fact(context),
            "DECISION_EXCEEDS_CLAIM",
            f"{open_paise} paise are under adjudication",
            under_adjudication_paise=open_paise,
        )
        flags.append("exceeds_claim")
    elif approved + disallowed < open_paise:
        check(
            is_outside_fact(context),
            "VALIDATION_FAILED",
            f"a decision is about all of the {open_paise} paise under adjudication",
            field="disallowed_paise",
            under_adjudication_paise=open_paise,
        )
        flags.append("amount_mismatch")  # the rest stays under adjudication
    counted = min(approved, open_paise)
    against = min(disallowed, open_paise - counted)
    return [
        ClaimAdjudicated(
            outcome=command.outcome,
            approved_paise=counted,
            disallowed_paise=against,
            reasons=command.reasons,
            excess_approved_paise=approved - counted or None,
            excess_disallowed_paise=disallowed - against or None,
            flags=tuple(flags),
        )
    ]


def _check_consistent(command: RecordClaimDecision) -> None:
    """What contradicts itself is no fact but a malformed message, whoever sends it."""
    approved, disallowed = command.approved_paise, command.disallowed_paise
    fits = {
        "approved": approved > 0 and disallowed == 0,
        "partially_approved": approved > 0,
        "rejected": approved == 0 and disallowed > 0,
    }
    check(fits[command.outcome], "VALIDATION_FAILED", "the amounts are not those of the outcome", field="outcome")
    check(
        sum(reason.amount_paise for reason in command.reasons) == disallowed,
        "VALIDATION_FAILED",
        "the reasons do not add up to what is disallowed",
        field="reasons",
    )


def request_claim_reprocess(state: State, command: RequestClaimReprocess, context: Context) -> list[Event]:
    """The amount is under adjudication again from this moment: the request is the claim, submitted once more."""
    check_state(state, state.status in ("rejected", "partially_approved"))
    check(
        command.amount_paise <= state.disallowed_paise,
        "INVALID_STATE",
        f"{state.disallowed_paise} paise are disallowed",
        disallowed_paise=state.disallowed_paise,
    )
    return [ClaimReprocessRequested(amount_paise=command.amount_paise, grounds_code=command.grounds)]
