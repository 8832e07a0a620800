"""C48, C49, C50: asking a patient to come back, moving that, closing it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from event_store.aggregates import data_subject
from event_store.aggregates.encounter.commands import CancelEncounter
from event_store.aggregates.followup.commands import AmendFollowUp, CloseFollowUp
from event_store.aggregates.followup.events import FollowUpAmended, FollowUpClosed, FollowUpPii, FollowUpRequested
from event_store.retention.leaving import WITHHELD
from mymedic.messages import Actor
from mymedic.policies import FollowUpBody
from tests.unit.event_store.clinic import DESK, DOCTOR, MANAGER, PATIENT, TIMER, ist, publish, refused
from tests.unit.event_store.followup.visits import (
    DUE,
    DUE_FROM,
    DUE_TO,
    LAPSE_ON,
    a_visit,
    asked,
    complete,
    evaluated,
    request,
    seen,
)

COLLEAGUE = Actor(type="user", id="prac_iyer", roles=("DR",), practitioner_id="prac_iyer")
AMEND = AmendFollowUp(followup_id="fup_1", due_on=date(2026, 11, 20))


def test_the_dates_come_from_the_policy_in_force() -> None:
    world = seen()
    (event,) = world.when(request(), actor=DOCTOR, id="fup_1")
    assert isinstance(event, FollowUpRequested)
    assert event == FollowUpRequested(
        encounter_id="enc_1",
        patient_id="pat_asha",
        practitioner_id="prac_rao",
        specialty_id="spc_derm",
        branch_id="brn_south",
        due_on=DUE,
        due_from=DUE_FROM,
        due_to=DUE_TO,
        free_until=date(2026, 11, 9),
        lapse_on=LAPSE_ON,
        same_practitioner=True,
        policy_version_id="pol_default_follow_up",
        reason_hash=event.reason_hash,
        pii=FollowUpPii(reason_text="Look at the rash again"),
    )
    assert world.state("followup", "fup_1").status == "requested"


def test_the_policy_of_the_branch_comes_first() -> None:
    world = seen()
    body = FollowUpBody(free_days=10, early_days=1, late_days=2, lapse_days=3)
    publish(world, "follow_up", FollowUpBody(early_days=9))
    publish(world, "follow_up", body, branch_id="brn_south")
    (event,) = world.when(request(), actor=DOCTOR)
    assert isinstance(event, FollowUpRequested)
    dates = [event.due_from, event.due_to, event.lapse_on, event.free_until]
    assert [on and on.isoformat() for on in dates] == ["2026-11-15", "2026-11-18", "2026-11-21", "2026-11-12"]
    assert event.policy_version_id == "pol_follow_up_brn_south"


def test_a_free_visit_promises_no_other_one() -> None:
    world = a_visit(seen(), "enc_2", ist(2, "10:15"), visit_type="follow_up", price=0)
    (event,) = world.when(request(encounter_id="enc_2"), actor=DOCTOR)
    assert isinstance(event, FollowUpRequested) and event.free_until is None
    publish(world, "follow_up", FollowUpBody(free_visits=0))
    (event,) = world.when(request(), actor=DOCTOR)
    assert isinstance(event, FollowUpRequested) and event.free_until is None


@pytest.mark.parametrize("due_on", [date(2026, 11, 1), date(2026, 11, 2), date(2036, 12, 1)])
def test_it_is_due_after_its_encounter(due_on: date) -> None:
    assert refused(seen(), request(due_on), DOCTOR).code == "VALIDATION_FAILED"
    assert seen().when(request(date(2026, 11, 3)), actor=DOCTOR)


def test_one_active_per_encounter_and_reason() -> None:
    """The reason is personal: only its keyed hash is compared, and neither lands."""
    world = asked()
    again = refused(world, request(reason="  look at THE rash   again "), DOCTOR)
    assert (again.code, again.details["followup_id"]) == ("ALREADY_EXISTS", "fup_1")
    assert not any("rash" in value for kind, value in world.held if kind == "followup_reason")
    assert {"pii", "reason_hash"} <= WITHHELD
    assert world.when(request(reason="Blood pressure"), actor=DOCTOR)
    world.when(CloseFollowUp(followup_id="fup_1", outcome="declined"), actor=PATIENT)
    assert world.when(request(), actor=DOCTOR)


def test_only_the_doctor_of_a_standing_encounter_asks() -> None:
    assert refused(seen(), request(), COLLEAGUE).code == "FORBIDDEN"
    assert refused(seen(), request(encounter_id="enc_9"), DOCTOR).code == "NOT_FOUND"
    world = a_visit(seen(), "enc_2", ist(2, "10:20"), is_finished=False)
    assert world.when(request(encounter_id="enc_2"), actor=DOCTOR)
    world.when(CancelEncounter(encounter_id="enc_2", reason="wrong patient"), actor=MANAGER)
    assert refused(world, request(encounter_id="enc_2", reason="other"), DOCTOR).code == "INVALID_STATE"


def test_nothing_is_asked_of_who_was_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason would be sealed under a key that is not to exist."""
    monkeypatch.setattr(data_subject.state.State, "is_erased", True, raising=False)
    assert refused(seen(), request(), DOCTOR).code == "PATIENT_ERASED"


def test_an_amendment_keeps_the_width_that_was_pinned() -> None:
    world = asked()
    publish(world, "follow_up", FollowUpBody(early_days=0, late_days=0, lapse_days=0))
    assert world.at(ist(5, "10:00")).when(AMEND, actor=DOCTOR) == [
        FollowUpAmended(
            amended_on=date(2026, 11, 5),
            due_on=date(2026, 11, 20),
            due_from=date(2026, 11, 17),
            due_to=date(2026, 11, 27),
            lapse_on=date(2026, 12, 27),
        )
    ]


def test_an_amendment_must_change_something_and_lie_after_the_encounter() -> None:
    for due_on in (DUE, date(2026, 11, 2), date(2040, 1, 1)):
        command = AmendFollowUp(followup_id="fup_1", due_on=due_on)
        assert refused(asked(), command, DOCTOR).code == "VALIDATION_FAILED"


def test_an_overdue_one_that_is_amended_waits_again() -> None:
    world = asked()
    assert evaluated(world, date(2026, 11, 24)) == ["fup_1 Overdue"]
    world.when(AmendFollowUp(followup_id="fup_1", due_on=date(2026, 11, 30)), actor=DOCTOR)
    assert world.state("followup", "fup_1").status == "requested"
    assert evaluated(world, date(2026, 12, 7)) == []
    assert evaluated(world, date(2026, 12, 8)) == ["fup_1 Overdue"]


@pytest.mark.parametrize(
    ("outcome", "actor", "status"),
    [
        ("declined", PATIENT, "declined"),
        ("declined", DESK, "declined"),
        ("cancelled", DOCTOR, "cancelled"),
        ("deceased", DESK, "cancelled"),
    ],
)
def test_closing(outcome: Any, actor: Actor, status: str) -> None:
    world = asked()
    command = CloseFollowUp(followup_id="fup_1", outcome=outcome)
    assert world.when(command, actor=actor) == [FollowUpClosed(outcome=outcome)]
    state = world.state("followup", "fup_1")
    assert (state.status, state.outcome) == (status, outcome)


@pytest.mark.parametrize(("outcome", "actor"), [("declined", PATIENT), ("cancelled", DESK)])
def test_one_that_is_overdue_is_closed_too(outcome: Any, actor: Actor) -> None:
    world = asked()
    assert evaluated(world, date(2026, 11, 24)) == ["fup_1 Overdue"]
    world.when(CloseFollowUp(followup_id="fup_1", outcome=outcome), actor=actor)
    assert world.state("followup", "fup_1").status == outcome


def test_a_patient_can_only_decline() -> None:
    assert refused(asked(), CloseFollowUp(followup_id="fup_1", outcome="cancelled"), PATIENT).code == "FORBIDDEN"


def test_what_has_ended_stays_as_it_is() -> None:
    declined, lapsed, completed = asked(), asked(), asked()
    declined.when(CloseFollowUp(followup_id="fup_1", outcome="declined"), actor=PATIENT)
    assert evaluated(lapsed, date(2026, 12, 24)) == ["fup_1 Overdue", "fup_1 Lapsed"]
    a_visit(completed, "enc_2", ist(16, "10:00")).when(complete("enc_2"))
    for world, encounter_id in ((declined, "enc_3"), (lapsed, "enc_4"), (completed, "enc_5")):
        before = world.state("followup", "fup_1").status
        a_visit(world, encounter_id, ist(20, "10:00"))
        for command, actor in (
            (AMEND, DOCTOR),
            (CloseFollowUp(followup_id="fup_1", outcome="cancelled"), DESK),
            (complete(encounter_id), TIMER),
        ):
            assert refused(world, command, actor).code == "INVALID_STATE"
        assert evaluated(world, date(2026, 12, 31)) == []
        assert world.state("followup", "fup_1").status == before
        assert not [key for key in world.held if key[0].startswith("followup")]
