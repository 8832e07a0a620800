"""C117, C121, C122, C125."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from event_store.aggregates.data_subject.commands import (
    HoldSubject,
    PseudonymisePatient,
    RecordPiiAccess,
    RedactField,
    ReleaseLegalHold,
)
from event_store.aggregates.data_subject.events import (
    FieldRedacted,
    LegalHoldPlaced,
    LegalHoldReleased,
    PatientPseudonymised,
    PiiAccessed,
)
from mymedic.bodies import Replaced
from mymedic.errors import Refused
from mymedic.messages import Actor
from tests.scenario import Scenario
from tests.stored_bodies import AFTER, BEFORE
from tests.unit.event_store.clinic import DESK, TENANT, TIMER, refused
from tests.unit.event_store.data_subject.people import AUDITOR, SECOND_AUDITOR, a_seen_patient, hold, request

RELEASE = ReleaseLegalHold(hold_id="hold_1", reason="settled", authority_ref="CC 12/2026")


@pytest.mark.parametrize(
    ("subject", "scope", "stands_on"),
    [({"patient_id": "pat_asha"}, "patient", "pat_asha"), ({"tenant": True}, "tenant", TENANT)],
)
def test_a_hold_stands_until_it_is_released(subject: dict[str, Any], scope: Any, stands_on: str) -> None:
    world = a_seen_patient()
    (placed,) = world.when(hold(**subject), actor=AUDITOR)
    assert isinstance(placed, LegalHoldPlaced) and placed.scope == scope
    assert world.state("data_subject", stands_on).holds == {"hold_1": scope}
    assert refused(world, request(), AUDITOR).code == "LEGAL_HOLD_ACTIVE"
    (released,) = world.when(RELEASE, actor=SECOND_AUDITOR)
    assert released == LegalHoldReleased(hold_id="hold_1", reason="settled", authority_ref="CC 12/2026")
    assert world.when(request(), actor=AUDITOR)
    assert refused(world, RELEASE, AUDITOR).code == "INVALID_STATE"


def test_one_hold_released_leaves_the_other() -> None:
    world = a_seen_patient()
    world.when(hold(), actor=AUDITOR)
    world.when(hold("hold_2"), actor=AUDITOR)
    world.when(RELEASE, actor=AUDITOR)
    assert refused(world, request(), AUDITOR).details["hold_ids"] == ["hold_2"]


@pytest.mark.parametrize(
    ("subject", "code"),
    [
        (HoldSubject(), "VALIDATION_FAILED"),
        (HoldSubject(patient_id="pat_asha", tenant=True), "VALIDATION_FAILED"),
        (HoldSubject(patient_id="pat_none"), "NOT_FOUND"),
        (HoldSubject(admission_id="adm_none"), "NOT_FOUND"),
        (HoldSubject(claim_id="clm_none"), "NOT_FOUND"),
    ],
)
def test_a_hold_is_on_one_thing_that_exists(subject: HoldSubject, code: str) -> None:
    command = msgspec.structs.replace(hold(), subject=subject)
    assert refused(a_seen_patient(), command, AUDITOR).code == code


def test_an_unknown_hold_is_not_released() -> None:
    assert refused(a_seen_patient(), RELEASE, AUDITOR).code == "NOT_FOUND"


def redact(world: Scenario, event_id: str = "", json_path: str = "$.pii.notes") -> RedactField:
    return RedactField(
        event_id=event_id or f"evt_{len(world.log) - 1}",
        json_path=json_path,
        reason="note of another patient",
        authority="MRD 7",
    )


def test_a_field_is_redacted_by_two() -> None:
    world = a_seen_patient()
    command = redact(world)
    (event,) = world.when(command, actor=AUDITOR, cosigner=SECOND_AUDITOR)
    assert event == FieldRedacted(
        event_id=command.event_id,
        json_path="$.pii.notes",
        reason="note of another patient",
        authority="MRD 7",
        cosigned_by="stf_audit2",
        replaced=(Replaced(event_id=command.event_id, old_digest=BEFORE, new_digest=AFTER),),
    )
    assert world.log[-1][:2] == ("data_subject", "pat_asha")


@pytest.mark.parametrize("cosigner", [None, AUDITOR])
def test_nobody_redacts_alone(cosigner: Actor | None) -> None:
    world = a_seen_patient()
    with pytest.raises(Refused) as refusal:
        world.when(redact(world), actor=AUDITOR, cosigner=cosigner)
    assert refusal.value.code == "FOUR_EYES_REQUIRED"


@pytest.mark.parametrize(
    ("event_id", "json_path", "code"),
    [("evt_999", "$.pii.notes", "NOT_FOUND"), ("", "$.outcome", "VALIDATION_FAILED")],
)
def test_only_what_may_be_is_redacted(event_id: str, json_path: str, code: str) -> None:
    world = a_seen_patient()
    with pytest.raises(Refused) as refusal:
        world.when(redact(world, event_id, json_path), actor=AUDITOR, cosigner=SECOND_AUDITOR)
    assert refusal.value.code == code


@pytest.mark.parametrize("subject", [{"patient_id": "pat_asha"}, {"tenant": True}])
def test_a_hold_forbids_redaction(subject: dict[str, Any]) -> None:
    world = a_seen_patient()
    command = redact(world)
    world.when(hold(**subject), actor=AUDITOR)
    with pytest.raises(Refused) as refusal:
        world.when(command, actor=AUDITOR, cosigner=SECOND_AUDITOR)
    assert refusal.value.code == "LEGAL_HOLD_ACTIVE"


def test_what_concerns_no_patient_is_redacted_on_the_tenants_stream() -> None:
    world = a_seen_patient()
    world.when(redact(world, "evt_0"), actor=AUDITOR, cosigner=SECOND_AUDITOR)
    assert world.log[-1][:2] == ("data_subject", TENANT)
    assert world.state("data_subject", TENANT).patient_id == ""


def test_a_pseudonym_rotates() -> None:
    world = a_seen_patient()
    for epoch in (1, 2):
        (event,) = world.when(PseudonymisePatient(patient_id="pat_asha"), actor=AUDITOR)
        assert event == PatientPseudonymised(pseudonym_epoch=epoch)
    assert refused(world, PseudonymisePatient(patient_id="pat_none"), AUDITOR).code == "NOT_FOUND"


def test_breaking_the_glass_leaves_who_what_and_why() -> None:
    """R-AUTH-6."""
    access = RecordPiiAccess(subject="pat_asha", fields=("name", "phone_e164"), justification="fraud case 4")
    on_behalf: Actor = msgspec.structs.replace(TIMER, on_behalf_of="stf_audit")
    world = a_seen_patient()
    (event,) = world.when(access, actor=on_behalf)
    assert event == PiiAccessed(actor_id="stf_audit", fields=("name", "phone_e164"), justification="fraud case 4")
    assert refused(world, access, TIMER).code == "VALIDATION_FAILED"
    stranger = msgspec.structs.replace(access, subject="pat_none")
    assert refused(world, stranger, on_behalf).code == "NOT_FOUND"
    assert DESK.roles[0] not in RecordPiiAccess.who
