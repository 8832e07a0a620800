"""Asking the payer whether the patient is insured (C102, C103)."""

from __future__ import annotations

from event_store.aggregates.claim.events import (
    CoverageEligibilityRecorded,
    CoverageEligibilityRequested,
    CoveragePii,
)
from event_store.aggregates.patient.events import ConsentWithdrawn, PatientsMerged
from event_store.catalogue import encode_payload
from mymedic.messages import Actor
from tests.unit.event_store.claim.ward import (
    CLERK,
    PAYER,
    a_hospital,
    after,
    cancel,
    check_coverage,
    cover,
    covered,
    status,
    told,
)
from tests.unit.event_store.clinic import DESK, TENANT, a_clinic, refused


def test_the_desk_asks_and_the_claim_begins() -> None:
    world = a_hospital()
    event = told(world, check_coverage(branch_id="brn_south"))
    assert isinstance(event, CoverageEligibilityRequested)
    assert event.coverage_id.startswith("cov_")
    assert event == CoverageEligibilityRequested(
        claim_id="clm_1",
        branch_id="brn_south",
        coverage_id=event.coverage_id,
        patient_id="pat_asha",
        payer_id="pyr_1",
        pii=CoveragePii(member_id="M-77", policy_no="P-4411"),
    )
    assert b"M-77" not in encode_payload(event)
    assert status(world) == "draft"


def test_the_claim_that_is_named_must_be_new() -> None:
    assert refused(covered(), check_coverage()).code == "ALREADY_EXISTS"
    world = covered()
    told(world, check_coverage(claim_id=None))
    assert len({id for aggregate, id, _ in world.log if aggregate == "claim"}) == 2


def test_only_hospitals_claim() -> None:
    assert refused(a_clinic(), check_coverage()).code == "FEATURE_NOT_ENABLED"


def test_nothing_is_shared_without_consent() -> None:
    world = a_hospital()
    world.given("patient", "pat_asha", ConsentWithdrawn(purpose="claims_share"))
    assert refused(world, check_coverage()).code == "CONSENT_REQUIRED"


def test_who_does_not_exist_is_not_covered() -> None:
    world = a_hospital()
    assert refused(world, check_coverage(patient_id="pat_none")).code == "NOT_FOUND"
    assert refused(world, check_coverage(payer_id="pyr_none")).code == "NOT_FOUND"
    assert refused(world, check_coverage(branch_id="brn_none")).code == "NOT_FOUND"
    assert world.state("tenant", TENANT).payer("pyr_1").tds_bps == 1000


def test_a_merged_record_is_not_asked_for() -> None:
    world = a_hospital()
    world.given(
        "patient", "pat_bala", PatientsMerged(survivor_id="pat_bala", duplicate_id="pat_asha", reason="same person")
    )
    refusal = refused(world, check_coverage())
    assert (refusal.code, refusal.details["survivor_id"]) == ("PATIENT_MERGED", "pat_bala")


def test_the_payer_answers() -> None:
    world = a_hospital()
    asked = told(world, check_coverage())
    event = told(world, cover(asked.coverage_id))
    assert event == CoverageEligibilityRecorded(
        coverage_id=asked.coverage_id,
        active=True,
        sum_insured_paise=50_000_000,
        balance_paise=20_000_000,
        copay_bps=0,
    )
    assert status(world) == "eligibility_checked"
    assert world.state("claim", "clm_1").is_covered


def test_an_answer_to_no_question() -> None:
    assert refused(covered(), cover("cov_none"), PAYER).code == "NOT_FOUND"


def test_a_later_answer_replaces_the_earlier() -> None:
    world = after(covered(), cover(active=False))
    assert (status(world), world.state("claim", "clm_1").is_covered) == ("eligibility_checked", False)


def test_an_answer_after_the_end_is_recorded_and_flagged_r_cmd_7() -> None:
    world = after(covered(), cancel())
    assert refused(world, cover(), CLERK).code == "INVALID_STATE"
    assert told(world, cover()).flags == ("unexpected_state",)
    assert status(world) == "cancelled"


def test_a_system_actor_is_no_payer_r_cmd_7() -> None:
    """Limits and states bind sagas as they bind people."""
    saga = Actor(type="system", id="process:x", roles=("IN", "SY"))
    assert refused(after(covered(), cancel()), cover(), saga).code == "INVALID_STATE"
    assert refused(after(covered(), cancel()), cover(), DESK).code == "INVALID_STATE"
