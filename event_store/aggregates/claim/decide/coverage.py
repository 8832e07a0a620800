"""Is the patient insured? The desk asks the payer, and the payer answers (C102, C103)."""

from __future__ import annotations

from event_store.aggregates.claim.commands import CheckCoverage, RecordCoverage
from event_store.aggregates.claim.decide.standing import oddity
from event_store.aggregates.claim.events import (
    CoverageEligibilityRecorded,
    CoverageEligibilityRequested,
    CoveragePii,
)
from event_store.aggregates.claim.state import OVER, State
from mymedic.deciding import Context, check
from mymedic.errors import Refused
from mymedic.messages import Event
from mymedic.patients import check_present, survivor_of


def check_coverage(state: State, command: CheckCoverage, context: Context) -> list[Event]:
    tenant = context.state("tenant", context.tenant_id)
    check(tenant.kind == "hospital", "FEATURE_NOT_ENABLED", "only hospitals claim from payers")
    check_present(context, command.patient_id)
    check_consent(context, command.patient_id)
    check(tenant.payer(command.payer_id), "NOT_FOUND", "no such payer", id=command.payer_id)
    if command.branch_id is not None:
        context.require("branch", command.branch_id)
    return [
        CoverageEligibilityRequested(
            claim_id=context.id,
            branch_id=command.branch_id,
            coverage_id=context.new_id("cov"),
            patient_id=command.patient_id,
            payer_id=command.payer_id,
            pii=CoveragePii(member_id=command.member_id, policy_no=command.policy_no),
        )
    ]


def check_consent(context: Context, patient_id: str) -> None:
    """CONSENT_REQUIRED unless the patient lets us share with a payer what it needs to know."""
    check(
        context.state("patient", survivor_of(context, patient_id)).has_consent("claims_share", context.occurred_at),
        "CONSENT_REQUIRED",
        "the patient has not agreed to sharing with a payer",
        purpose="claims_share",
    )


def coverage_target(command: RecordCoverage, context: Context) -> str:
    claim_id = context.holder("coverage", command.coverage_id)
    if claim_id is None:
        raise Refused("NOT_FOUND", f"there is no coverage {command.coverage_id}", id=command.coverage_id)
    return claim_id


def record_coverage(state: State, command: RecordCoverage, context: Context) -> list[Event]:
    """A payer may answer again: cover ends, and balances shrink."""
    return [
        CoverageEligibilityRecorded(
            coverage_id=command.coverage_id,
            active=command.active,
            sum_insured_paise=command.sum_insured_paise,
            balance_paise=command.balance_paise,
            copay_bps=command.copay_bps,
            room_cap_paise=command.room_cap_paise,
            flags=oddity(state, state.status not in OVER, context),
        )
    ]
