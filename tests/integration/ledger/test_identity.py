"""The one door to names: who sees whom, what erasures and merges leave of them, and the trace of an auditor."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from event_store.aggregates.appointment.commands import ImportAppointment
from event_store.aggregates.branch.commands import RegisterBranch
from event_store.aggregates.branch.events import OpenHours
from event_store.aggregates.data_subject.events import PiiAccessed
from event_store.aggregates.patient.commands import MergePatients, UpdatePatient
from event_store.aggregates.patient.events import PatientPii, PatientPiiPatch
from event_store.aggregates.staff.commands import RegisterStaff
from event_store.aggregates.staff.events import RoleHeld
from event_store.retention.identity import PersonalData
from event_store.retention.keys import Vault
from mymedic.errors import Refused
from mymedic.identity import Person
from mymedic.messages import Actor, Role
from tests.integration.ledger.conftest import Bench
from tests.integration.ledger.people import (
    ENGINEER,
    FRONT_DESK,
    MANAGER,
    TENANT,
    accepted,
    patient,
    register_tenant,
    submit,
)
from tests.integration.ledger.test_destruction import AUDITOR, PATIENT, destroy, redact, registered, stored
from tests.old_log import golden, write_old

__all__ = ["registered"]  # the fixture: Asha Rao, of the main branch
CHILD, BALA = "pat_child", "pat_bala"
ASHA = Person(patient_id=PATIENT, name="Asha Rao", phone_e164="+919812345678", birth_year=1980, age_years=46)


def who(role: Role, *branches: str, **own: str) -> Actor:
    return Actor(type="user", id=f"stf_{role.lower()}", roles=(role,), branch_scope=branches or "*", **own)  # type: ignore[arg-type]


def register(bench: Bench, patient_id: str, branch_id: str = "brn_north", **fields: Any) -> None:
    pii = PatientPii(name=patient_id, phone_e164="+919812345600")
    command = msgspec.structs.replace(
        patient(), pii=pii, patient_id=patient_id, branch_id=branch_id, force=True, **fields
    )
    accepted(submit(bench.store, command, f"cmd_{patient_id}"))


def seen(bench: Bench, actor: Actor, *patient_ids: str, **how: Any) -> dict[str, Person]:
    return dict(PersonalData(bench.store.handler).people(TENANT, actor, patient_ids or (PATIENT,), **how))


def refusal(bench: Bench, actor: Actor, *patient_ids: str, **how: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        seen(bench, actor, *patient_ids, **how)
    return refused.value


def accesses(bench: Bench) -> list[PiiAccessed]:
    events = [recorded.event for recorded in bench.store.feed.read(TENANT)]
    return [event for event in events if isinstance(event, PiiAccessed)]


@pytest.fixture
def chain(registered: Bench) -> Bench:
    """Asha of the main branch with a child, who comes to the north; Bala of the north, once with Dr Rao in the main."""
    north = RegisterBranch(
        name="North",
        city_id="cty_bengaluru",
        pincode="560001",
        opened_on=date(2026, 1, 1),
        open_hours=(OpenHours(dow=1, start="09:00", end="18:00"),),
        branch_id="brn_north",
    )
    accepted(submit(registered.store, north, "cmd_north"))
    register(registered, CHILD, birth_year=2012, guardian_patient_id=PATIENT)
    register(registered, BALA)
    visit = ImportAppointment(
        source_system="old",
        external_ref="1",
        patient_ref=BALA,
        branch_ref="brn_main",
        practitioner_ref="prac_rao",
        start_on=date(2026, 10, 1),
        time_precision="day",
        outcome="fulfilled",
    )
    accepted(submit(registered.store, visit, "cmd_visit"))
    return registered


def test_who_sees_whom(chain: Bench) -> None:
    """The read rows of the permission matrix; ids out of reach are as if there were none (R-AUTH-2, R-AUTH-3)."""
    everybody = (PATIENT, CHILD, BALA, "pat_nobody")
    reached = {
        who("FD"): {PATIENT, CHILD, BALA},
        who("FD", "brn_main"): {PATIENT, BALA},  # Bala has been there
        who("FN", "brn_north"): {CHILD, BALA},
        who("CM", "brn_west"): set(),
        who("DR", practitioner_id="prac_rao"): {BALA},
        who("DR", practitioner_id="prac_other"): set(),
        who("DR"): set(),
        who("PP", patient_id=PATIENT): {PATIENT, CHILD},
        who("PP", patient_id=CHILD): {CHILD},
        who("PP"): set(),
        Actor(type="user", id="x", roles=("FD", "DR"), branch_scope=("brn_west",), practitioner_id="prac_rao"): {BALA},
    }
    for actor, expected in reached.items():
        assert seen(chain, actor, *everybody).keys() == expected, actor
        for hidden in {*everybody} - expected:
            refused = refusal(chain, actor, *expected, hidden, needs_all=True)
            assert (refused.code, str(refused)) == (
                "NOT_FOUND",
                f"NOT_FOUND: there is no patient {hidden} (id={hidden})",
            )
    assert not accesses(chain)


def test_engineers_and_programs_see_nobody(registered: Bench) -> None:
    """R-AUTH-5; before anything is looked up, so that known and unknown ids are the same."""
    nobodies: list[tuple[Role, ...]] = [("EN",), ("IN",), ("SY",), (), ("EN", "CM"), ("IN", "FD")]
    for roles in nobodies:
        for id in (PATIENT, "pat_nobody"):
            actor = Actor(type="user", id="stf_ops", roles=roles)
            assert refusal(registered, actor, id, justification="x").code == "FORBIDDEN"


def test_what_is_seen_is_what_holds_now_and_only_what_was_asked_for(chain: Bench) -> None:
    assert seen(chain, FRONT_DESK)[PATIENT] == ASHA
    assert seen(chain, FRONT_DESK, fields=("name",))[PATIENT] == Person(patient_id=PATIENT, name="Asha Rao")
    patch = UpdatePatient(patient_id=PATIENT, pii_patch=PatientPiiPatch(name="Asha Iyer", dob=date(1980, 11, 3)))
    accepted(submit(chain.store, patch, "cmd_patch"))
    assert seen(chain, FRONT_DESK)[PATIENT] == msgspec.structs.replace(ASHA, name="Asha Iyer", age_years=45)
    chain.clock.at += timedelta(days=1)
    assert seen(chain, FRONT_DESK)[PATIENT].age_years == 46


def test_a_duplicate_is_its_survivor(chain: Bench) -> None:
    register(chain, "pat_again", "brn_main")
    merge = MergePatients(survivor_id=BALA, duplicate_id="pat_again", reason="twice")
    accepted(submit(chain.store, merge, "cmd_merge", actor=MANAGER, cosigner=FRONT_DESK))
    found = seen(chain, who("FD", "brn_north"), "pat_again", BALA)
    assert found["pat_again"] == found[BALA] and found[BALA].patient_id == BALA
    seen(chain, AUDITOR, "pat_again", BALA, justification="fraud case 4")
    assert len(accesses(chain)) == 1, "one person, one trace"


def test_an_auditor_breaks_the_glass_and_it_is_in_the_log_first(chain: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """R-AUTH-6."""
    for id in (PATIENT, "pat_nobody"):
        for reason in (None, " "):
            refused = refusal(chain, AUDITOR, id, justification=reason)
            assert (refused.code, refused.details) == ("VALIDATION_FAILED", {"field": "justification"})
    assert refusal(chain, AUDITOR, PATIENT, justification="x" * 501).code == "VALIDATION_FAILED"
    assert refusal(chain, AUDITOR, PATIENT, "pat_nobody", justification="case", needs_all=True).code == "NOT_FOUND"
    assert not accesses(chain)
    with monkeypatch.context() as patched:
        patched.setattr(Vault, "open", lambda *_: accesses(chain) or pytest.fail("opened before it was recorded"))
        with pytest.raises(TypeError):
            seen(chain, AUDITOR, justification="fraud case 4")
    found = seen(chain, AUDITOR, PATIENT, CHILD, "pat_nobody", fields=("phone_e164", "name"), justification="case 5")
    assert found.keys() == {PATIENT, CHILD} and found[PATIENT].name == "Asha Rao"
    assert (
        accesses(chain)[1:]
        == [PiiAccessed(actor_id="stf_audit", fields=("name", "phone_e164"), justification="case 5")] * 2
    )
    last = chain.store.feed.read(TENANT)[-1]
    assert (last.actor.id, last.actor.roles, last.actor.on_behalf_of) == ("identity", ("SY",), "stf_audit")
    assert seen(chain, who("AU", "brn_west"), justification="case 6") == {}
    assert len(accesses(chain)) == 3


def test_an_auditors_branches_are_not_the_front_desks(chain: Bench) -> None:
    """R-AUTH-6: who audits everywhere and works in one branch sees the others' patients through the glass alone."""
    roles = (RoleHeld(role="FD", branch_scope=("brn_main",)), RoleHeld(role="AU", branch_scope=("*",)))
    first = RegisterStaff(name="Head", staff_id="stf_head", roles=(RoleHeld(role="CM", branch_scope=("*",)),))
    accepted(submit(chain.store, first, "cmd_head", actor=ENGINEER))
    accepted(
        submit(chain.store, RegisterStaff(name="Meera", staff_id="stf_meera", roles=roles), "cmd_meera", actor=MANAGER)
    )
    both = Actor(type="user", id="stf_meera", roles=("FD", "AU", "CM"))
    assert seen(chain, both, PATIENT, CHILD).keys() == {PATIENT}
    assert not accesses(chain)
    assert seen(chain, both, PATIENT, CHILD, justification="case 7").keys() == {PATIENT, CHILD}
    assert [access.actor_id for access in accesses(chain)] == ["stf_meera"]


def test_the_erased_are_redacted_and_never_an_error(registered: Bench) -> None:
    """R-RET-4."""
    accepted(destroy(registered))
    assert seen(registered, FRONT_DESK)[PATIENT] == Person(patient_id=PATIENT, is_redacted=True)


def test_what_was_taken_out_is_not_replaced_by_what_was_there_before(registered: Bench) -> None:
    patch = UpdatePatient(patient_id=PATIENT, pii_patch=PatientPiiPatch(name="Of somebody else"))
    ack = accepted(submit(registered.store, patch, "cmd_patch"))
    accepted(redact(registered.store, "$.pii.name", ack.event_ids[0]))
    redacted = msgspec.structs.replace(ASHA, name=None, is_redacted=True)
    assert seen(registered, FRONT_DESK)[PATIENT] == redacted
    assert not seen(registered, FRONT_DESK, fields=("phone_e164",))[PATIENT].is_redacted
    accepted(redact(registered.store, "$.pii.phone_e164", stored(registered)[0], "cmd_again"))
    assert seen(registered, FRONT_DESK)[PATIENT] == Person(patient_id=PATIENT, is_redacted=True)


def test_without_contact_data_the_name_is_left(registered: Bench) -> None:
    accepted(destroy(registered, "contact_only"))
    left = msgspec.structs.replace(ASHA, phone_e164=None, age_years=54, is_redacted=True)
    assert seen(registered, FRONT_DESK)[PATIENT] == left


def test_names_of_the_first_version_stood_in_clear(bench: Bench) -> None:
    register_tenant(bench.store)
    old = golden("v1", "patient_registered")
    write_old(bench.store, TENANT, [old])
    patient_id = old["stream_id"].partition("-")[2]
    person = seen(bench, FRONT_DESK, patient_id)[patient_id]
    assert person.name == old["payload"]["name"] and person.phone_e164 and not person.is_redacted
