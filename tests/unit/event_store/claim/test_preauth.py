"""Preauthorisation and its enhancement (C104 to C106)."""

from __future__ import annotations

import pytest

from event_store.aggregates.admission.events import AdmissionCancelled
from event_store.aggregates.claim.events import (
    DiagnosisPii,
    PreauthApproved,
    PreauthEnhancementRequested,
    PreauthRejected,
    PreauthSubmitted,
    RemarksPii,
)
from event_store.aggregates.patient.events import ConsentWithdrawn, PatientsMerged
from mymedic.messages import Actor
from tests.scenario import Scenario
from tests.unit.event_store.claim.ward import (
    CLERK,
    PAYER,
    a_hospital,
    admitted,
    after,
    answer,
    cancel,
    claimed,
    consent,
    cover,
    covered,
    enhance,
    granted,
    preauth,
    preauthorised,
    query,
    refused_preauth,
    status,
    submit,
    told,
)
from tests.unit.event_store.clinic import DESK, FINANCE, refused


def requested() -> Scenario:
    return after(covered(), preauth())


def test_the_payer_is_asked_before_the_treatment() -> None:
    world = covered()
    assert told(world, preauth()) == PreauthSubmitted(
        branch_id="brn_south",
        admission_id="adm_1",
        payer_id="pyr_1",
        coverage_id="cov_1",
        amount_paise=4_000_000,
        procedures=("0DTJ4ZZ",),
        pii=DiagnosisPii(diagnosis=("K35.8",)),
    )
    state = world.state("claim", "clm_1")
    assert (state.status, state.admission_id, state.branch_id) == ("preauth_submitted", "adm_1", "brn_south")


def test_cover_must_be_active() -> None:
    assert refused(after(covered(), cover(active=False)), preauth()).code == "COVERAGE_INACTIVE"
    world = a_hospital()
    world.given("claim", "clm_1", covered().log[-2][2])  # asked, and not answered yet
    assert refused(world, preauth()).code == "COVERAGE_INACTIVE"


def test_what_is_asked_must_be_of_this_claim() -> None:
    world = covered()
    admitted(world, "adm_other", patient_id="pat_bala")
    for wrong in (
        preauth(payer_id="pyr_2"),
        preauth(coverage_id="cov_2"),
        preauth(admission_id="adm_other"),
    ):
        assert refused(world, wrong).code == "VALIDATION_FAILED"
    assert refused(world, preauth(admission_id="adm_none")).code == "NOT_FOUND"
    assert refused(world, preauth(claim_id="clm_none")).code == "NOT_FOUND"


def test_the_admission_of_a_merged_record_will_do() -> None:
    world = covered()
    admitted(world, "adm_other", patient_id="pat_bala")
    world.given("patient", "pat_bala", consent())
    world.given("patient", "pat_bala", PatientsMerged(survivor_id="pat_bala", duplicate_id="pat_asha", reason="same"))
    assert told(world, preauth(admission_id="adm_other"))


def test_a_cancelled_admission_needs_no_payer() -> None:
    world = covered()
    world.given("admission", "adm_1", AdmissionCancelled(reason="went home"))
    assert refused(world, preauth()).code == "INVALID_STATE"


def test_a_desk_asks_for_its_own_branch_only() -> None:
    north = Actor(type="user", id="stf_north", roles=("FD",), branch_scope=("brn_north",))
    assert refused(covered(), preauth(), north).code == "FORBIDDEN_BRANCH"


def test_a_diagnosis_is_not_shared_once_consent_is_withdrawn() -> None:
    world = covered()
    world.given("patient", "pat_asha", ConsentWithdrawn(purpose="claims_share"))
    assert refused(world, preauth()).code == "CONSENT_REQUIRED"


def test_one_preauthorisation_at_a_time() -> None:
    for world in (requested(), preauthorised(), after(requested(), refused_preauth())):
        assert refused(world, preauth()).code == "INVALID_STATE"


def test_the_payer_approves() -> None:
    world = requested()
    event = told(world, granted(3_000_000, remarks="general ward"))
    assert event == PreauthApproved(
        approved_paise=3_000_000, preauth_ref="PA-9", pii=RemarksPii(remarks="general ward")
    )
    state = world.state("claim", "clm_1")
    assert (state.status, state.preauth_paise, state.preauth_ref) == ("preauth_approved", 3_000_000, "PA-9")


def test_the_payer_rejects() -> None:
    world = requested()
    assert told(world, refused_preauth()) == PreauthRejected(reason_code="NC-4", pii=RemarksPii(remarks="not covered"))
    assert status(world) == "preauth_rejected"


@pytest.mark.parametrize(
    "wrong",
    [
        granted(0),
        granted(1, preauth_ref=None),
        granted(1, outcome="rejected"),
    ],
)
def test_a_decision_that_contradicts_itself(wrong: object) -> None:
    assert refused(requested(), wrong, PAYER).code == "VALIDATION_FAILED"  # type: ignore[arg-type]


def test_no_more_than_was_asked_for_unless_the_payer_itself_says_so_r_cmd_7() -> None:
    assert refused(requested(), granted(4_000_001), CLERK).code == "DECISION_EXCEEDS_CLAIM"
    world = requested()
    event = told(world, granted(4_000_001))
    assert (event.approved_paise, event.flags) == (4_000_001, ("exceeds_claim",))
    assert status(world) == "preauth_approved"


def test_a_decision_that_nobody_waits_for_r_cmd_7() -> None:
    world = after(preauthorised(), submit())
    assert refused(world, granted(3_900_000), CLERK).code == "INVALID_STATE"
    assert told(world, granted(3_900_000)).flags == ("unexpected_state",)
    assert (status(world), world.state("claim", "clm_1").preauth_paise) == ("claim_submitted", 3_900_000)
    assert told(world, refused_preauth()).flags == ("unexpected_state",)
    assert (status(world), world.state("claim", "clm_1").preauth_paise) == ("claim_submitted", 3_900_000)


def test_the_same_decision_again_is_nothing_new() -> None:
    assert preauthorised().when(granted(4_000_000), actor=PAYER) == []
    assert after(requested(), refused_preauth()).when(refused_preauth(), actor=PAYER) == []


def test_an_enhancement_adds_to_what_is_asked_for() -> None:
    world = preauthorised()
    assert told(world, enhance(1_000_000)) == PreauthEnhancementRequested(
        additional_paise=1_000_000, reason_code="icu_stay"
    )
    assert status(world) == "enhancement_submitted"
    assert refused(world, granted(5_000_001), CLERK).code == "DECISION_EXCEEDS_CLAIM"
    told(world, granted(5_000_000), CLERK)
    assert (status(world), world.state("claim", "clm_1").preauth_paise) == ("preauth_approved", 5_000_000)


def test_a_rejected_enhancement_leaves_the_old_approval() -> None:
    world = after(preauthorised(3_000_000), enhance(1_000_000), refused_preauth())
    state = world.state("claim", "clm_1")
    assert (state.status, state.preauth_paise, state.requested_paise) == ("preauth_approved", 3_000_000, 4_000_000)
    after(world, enhance(500_000))
    assert refused(world, granted(4_500_001), CLERK).code == "DECISION_EXCEEDS_CLAIM"


def test_an_enhancement_needs_an_approval() -> None:
    for world in (covered(), requested(), claimed(), after(requested(), refused_preauth())):
        assert refused(world, enhance(1), FINANCE).code == "INVALID_STATE"


def test_the_payer_may_ask_back_while_it_decides() -> None:
    world = after(requested(), query(stage="preauth"))
    assert status(world) == "preauth_queried"
    assert status(after(world, answer())) == "preauth_submitted"
    after(world, granted(4_000_000), enhance(1), query("qry_2", stage="preauth"))
    assert status(world) == "preauth_queried"
    assert status(after(world, answer("qry_2"))) == "enhancement_submitted"


def test_a_decision_in_spite_of_an_open_query_r_cmd_7() -> None:
    world = after(preauthorised(), enhance(1), query(stage="preauth"))
    assert refused(world, refused_preauth(), CLERK).code == "INVALID_STATE"
    assert told(world, refused_preauth()).flags == ("unexpected_state",)
    assert status(world) == "preauth_approved"
    assert world.state("claim", "clm_1").query_due_at is None
    assert refused(world, answer(), DESK).code == "INVALID_STATE"


def test_cancelled_before_anything_was_claimed() -> None:
    for world in (covered(), requested(), preauthorised()):
        assert status(after(world, cancel())) == "cancelled"
