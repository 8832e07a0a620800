"""C118-C120: asked for, approved by somebody else, carried out after the notice; R-RET-1, R-RET-5."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from event_store.aggregates.data_subject.commands import ReleaseLegalHold
from event_store.aggregates.data_subject.events import (
    DestructionCounts,
    DestructionExecuted,
    ErasureApproved,
    ErasureRequested,
    PatientPseudonymised,
)
from event_store.aggregates.notification.events import NotificationRequested
from event_store.aggregates.patient.commands import PatientClearPatch, UpdatePatient
from event_store.aggregates.patient.events import PatientRegistered, PatientsMerged
from event_store.aggregates.tenant.events import RetentionYears, SettingsPatch, TenantSettingsChanged
from mymedic.messages import Actor, canonical_json
from tests.stored_bodies import CHAIN
from tests.unit.event_store.clinic import DESK, ENGINEER, MANAGER, PATIENT, TENANT, TIMER, a_clinic, ist, refused
from tests.unit.event_store.data_subject.people import (
    AUDITOR,
    FREE,
    PAST_NOTICE,
    SECOND_AUDITOR,
    a_seen_patient,
    approve,
    approved,
    execute,
    hold,
    request,
    seen,
)


def test_a_request_starts_the_notice_and_says_what_blocks_it() -> None:
    world = a_seen_patient()
    (event,) = world.when(request(), actor=PATIENT)
    assert event == ErasureRequested(
        request_id="dst_full",
        scope="full",
        requested_by="pat_asha",
        entered_by="pat_asha",
        earliest_execution_at=world.now + timedelta(hours=48),
        blocked_by=("medico_legal",),
    )
    (limited,) = world.when(request("contact_only"), actor=PATIENT)
    assert isinstance(limited, ErasureRequested) and limited.blocked_by == ()


def test_the_same_scope_is_asked_for_once() -> None:
    world = a_seen_patient()
    world.when(request(), actor=PATIENT)
    assert refused(world, request(request_id="dst_2"), PATIENT).code == "ALREADY_EXISTS"


def test_a_duplicates_record_is_asked_for_by_its_survivor() -> None:
    world = a_seen_patient()
    world.given("patient", "pat_bala", PatientsMerged(survivor_id="pat_bala", duplicate_id="pat_asha", reason="same"))
    assert refused(world, request(), PATIENT).code == "PATIENT_MERGED"
    assert refused(world, request(patient_id="pat_none"), MANAGER).code == "NOT_FOUND"


@pytest.mark.parametrize("day", [timedelta(days=-1), timedelta(0)])
def test_care_is_kept_for_seven_years_after_the_last_encounter(day: timedelta) -> None:
    world = a_seen_patient().at(FREE + day)
    world.when(request(), actor=MANAGER)
    if day:
        refusal = refused(world, approve(), AUDITOR)
        assert refusal.code == "RETENTION_NOT_ELAPSED"
        assert refusal.details == {"retain_until": {"medico_legal": "2033-11-02"}}
    else:
        assert world.when(approve(), actor=AUDITOR) == [ErasureApproved(request_id="dst_full")]


def test_a_tenant_may_keep_longer() -> None:
    world = a_seen_patient()
    patch = SettingsPatch(retention=RetentionYears(medico_legal=8))
    world.given("tenant", TENANT, TenantSettingsChanged(patch=patch)).at(FREE)
    world.when(request(), actor=MANAGER)
    assert refused(world, approve(), AUDITOR).details["retain_until"] == {"medico_legal": "2034-11-02"}


def test_a_minors_record_is_kept_for_seven_years_after_they_come_of_age() -> None:
    world = a_clinic()
    mini = PatientRegistered(patient_id="pat_mini", sex="male", birth_year=2020, registered_branch_id="brn_south")
    seen(world.given("patient", "pat_mini", mini), "pat_mini").at(FREE)
    world.when(request(patient_id="pat_mini"), actor=MANAGER)
    assert refused(world, approve(), AUDITOR).details["retain_until"] == {"medico_legal": "2045-12-31"}


def test_an_operational_event_counts_from_itself() -> None:
    world = a_seen_patient().at(FREE - timedelta(days=365))
    note = NotificationRequested(
        patient_id="pat_asha", channel="sms", template="t", category="utility", related_ref="appt_1"
    )
    world.given("notification", "ntf_1", note).at(FREE)
    world.when(request(), actor=MANAGER)
    assert refused(world, approve(), AUDITOR).details["retain_until"] == {"operational": "2035-11-02"}


def test_a_limited_scope_needs_no_retention_to_elapse() -> None:
    world = a_seen_patient()
    world.when(request("contact_only"), actor=MANAGER)
    assert world.when(approve("contact_only"), actor=AUDITOR)


@pytest.mark.parametrize("requested_by", ["stf_audit", "pat_asha"])
def test_whoever_asked_does_not_approve(requested_by: str) -> None:
    """Neither who entered it nor for whom it was entered."""
    world = a_seen_patient().at(FREE)
    entered_by = AUDITOR if requested_by == "pat_asha" else MANAGER
    world.when(request(requested_by=requested_by), actor=entered_by)
    assert refused(world, approve(), AUDITOR).code == "FOUR_EYES_REQUIRED"


def test_whoever_caused_the_request_does_not_approve() -> None:
    """R-AUTH-4: a program asked, because of what this person had asked before."""
    world = a_seen_patient().at(FREE)
    (cause,) = world.when(hold(), actor=AUDITOR)
    world.when(ReleaseLegalHold(hold_id="hold_1", reason="over", authority_ref="CC 12/2026"), actor=SECOND_AUDITOR)
    world.when(request(), actor=MANAGER, because=cause)
    assert refused(world, approve(), AUDITOR).code == "FOUR_EYES_REQUIRED"
    assert world.when(approve(), actor=SECOND_AUDITOR)


def test_a_request_is_approved_once_and_must_exist() -> None:
    world = approved()
    assert refused(world, approve(), AUDITOR).code == "INVALID_STATE"
    assert refused(world, approve("contact_only"), AUDITOR).code == "NOT_FOUND"


def test_a_destruction_ends_keys_and_hashes_and_leaves_a_certificate() -> None:
    world = approved()
    (event,) = world.when(execute(), actor=ENGINEER)
    assert isinstance(event, DestructionExecuted)
    assert (event.request_id, event.scope, event.method) == (
        "dst_full",
        "full",
        ("keys_destroyed", "hashes_removed", "mentions_removed"),
    )
    assert (event.key_ids, event.before_chain_hash) == (("key_pat_asha",), CHAIN)
    assert event.counts == DestructionCounts(events=7, bodies=2, keys=1)
    manifest = canonical_json({"key_ids": event.key_ids, "replaced": event.replaced})
    assert event.manifest_sha256 == hashlib.sha256(manifest).hexdigest()
    assert world.asked_of_bodies == [
        ("strip", (["pat_asha"], ["name_hash", "phone_hash"])),
        ("unseal_elsewhere", ["pat_asha"]),
        ("destroy_keys", ["pat_asha"]),
    ]
    assert world.state("data_subject", "pat_asha").is_erased


def test_an_erased_patient_is_gone_for_every_command() -> None:
    world = approved()
    world.when(execute(), actor=TIMER)
    update = UpdatePatient(patient_id="pat_asha", clear_patch=PatientClearPatch(sex="other"))
    assert refused(world, update, DESK).code == "PATIENT_ERASED"
    assert refused(world, request(request_id="dst_again"), MANAGER).code == "PATIENT_ERASED"
    assert refused(world, execute(), TIMER).code == "INVALID_STATE"


def test_every_record_of_the_person_is_destroyed() -> None:
    world = a_seen_patient()
    world.given("patient", "pat_asha", PatientsMerged(survivor_id="pat_asha", duplicate_id="pat_bala", reason="same"))
    world.at(FREE).when(request(), actor=MANAGER)
    world.when(approve(), actor=AUDITOR)
    (event,) = world.at(FREE + PAST_NOTICE).when(execute(), actor=TIMER)
    assert isinstance(event, DestructionExecuted) and event.key_ids == ("key_pat_asha", "key_pat_bala")


def test_the_notice_runs_for_48_hours() -> None:
    world = approved()
    world.at(world.now - timedelta(microseconds=1))
    assert refused(world, execute(), TIMER).code == "NOTICE_PERIOD_RUNNING"


def test_what_is_not_approved_is_not_destroyed() -> None:
    world = a_seen_patient().at(FREE)
    world.when(request(), actor=MANAGER)
    assert refused(world.at(FREE + PAST_NOTICE), execute(), TIMER).code == "INVALID_STATE"
    assert refused(world, execute("contact_only"), TIMER).code == "NOT_FOUND"


@pytest.mark.parametrize("subject", [{"patient_id": "pat_asha"}, {"tenant": True}])
def test_a_hold_placed_after_the_approval_stops_the_destruction(subject: dict[str, Any]) -> None:
    """R-RET-5."""
    world = approved()
    world.when(hold(**subject), actor=AUDITOR)
    refusal = refused(world, execute(), TIMER)
    assert (refusal.code, refusal.details["hold_ids"]) == ("LEGAL_HOLD_ACTIVE", ["hold_1"])
    assert world.asked_of_bodies == []


def test_a_visit_after_the_approval_stops_the_destruction() -> None:
    world = approved()
    seen(world, encounter_id="enc_2")
    assert refused(world, execute(), TIMER).code == "RETENTION_NOT_ELAPSED"


def test_contact_data_goes_and_the_record_stays() -> None:
    world = approved("contact_only", at=ist(2, "10:00"))
    (event,) = world.when(execute("contact_only"), actor=TIMER)
    assert isinstance(event, DestructionExecuted)
    assert (event.method, event.key_ids) == (("contact_removed",), ())
    assert world.asked_of_bodies == [("strip", (["pat_asha"], ["address", "phone_e164", "phone_hash", "to_address"]))]
    assert not world.state("data_subject", "pat_asha").is_erased


def test_analytics_forgets_by_a_new_pseudonym() -> None:
    world = approved("analytics", at=ist(2, "10:00"))
    pseudonymised, executed = world.when(execute("analytics"), actor=TIMER)
    assert pseudonymised == PatientPseudonymised(pseudonym_epoch=1)
    assert isinstance(executed, DestructionExecuted) and executed.method == ("pseudonym_rotated",)
    assert world.asked_of_bodies == []


def test_who_may_ask_follows_the_table() -> None:
    roles = {command: type(command).who for command in (request(), approve(), execute())}
    assert list(roles.values()) == [{"PP", "CM", "AU"}, {"AU"}, {"SY", "EN"}]


def test_somebody_elses_signature_does_not_help_the_asker() -> None:
    world = a_seen_patient().at(FREE)
    world.when(request(), actor=AUDITOR)
    behalf: Actor = msgspec.structs.replace(AUDITOR, id="stf_other", on_behalf_of="stf_audit")
    assert refused(world, approve(), behalf).code == "FOUR_EYES_REQUIRED"
