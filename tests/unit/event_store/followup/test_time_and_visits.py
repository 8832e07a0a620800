"""C51, C52: what time and visits make of a follow-up (R-FU-1)."""

from __future__ import annotations

from datetime import date

import pytest

from event_store.aggregates.followup.commands import AmendFollowUp, CloseFollowUp, EvaluateFollowUps
from event_store.aggregates.followup.events import FollowUpBooked, FollowUpCompleted, FollowUpOverdue, FollowUpUnbooked
from event_store.aggregates.patient.events import PatientsMerged
from mymedic.followups import completed_by
from tests.scenario import Scenario, ScenarioContext
from tests.unit.event_store.clinic import DOCTOR, PATIENT, TIMER, ist, refused
from tests.unit.event_store.followup.visits import (
    DUE,
    LAPSE_ON,
    a_visit,
    asked,
    complete,
    evaluated,
    request,
    seen,
)

NOV_24 = date(2026, 11, 24)
BOOKED = FollowUpBooked(appointment_id="appt_later", start_at=ist(30, "10:00"))


def test_overdue_the_day_after_the_window_and_lapsed_after_the_last_day() -> None:
    world = asked()
    assert evaluated(world, date(2026, 11, 23)) == []
    assert evaluated(world, NOV_24) == ["fup_1 Overdue"]
    assert evaluated(world, NOV_24) == []
    assert evaluated(world, LAPSE_ON) == []
    assert evaluated(world, date(2026, 12, 24)) == ["fup_1 Lapsed"]
    assert world.state("followup", "fup_1").status == "lapsed"
    assert not [key for key in world.held if key[0].startswith("followup")]


def test_every_event_stands_on_the_stream_of_its_own_follow_up() -> None:
    """C51 is of the tenant: it writes nothing under an id of its own."""
    world = asked()
    assert world.at(ist(24, "00:00")).when(EvaluateFollowUps(as_of=NOV_24), actor=TIMER) == [
        FollowUpOverdue(as_of=NOV_24)
    ]
    assert world.log[-1][:2] == ("followup", "fup_1")
    assert not world.state("followup", world.tenant_id).exists


def test_the_oldest_day_first_then_by_id() -> None:
    world = asked()
    for number, due_on in ((4, date(2026, 11, 12)), (3, DUE), (2, DUE), (5, date(2027, 1, 1))):
        world.when(request(due_on, reason=f"reason {number}"), actor=DOCTOR, id=f"fup_{number}")
    world.when(CloseFollowUp(followup_id="fup_3", outcome="declined"), actor=PATIENT)
    assert evaluated(world, NOV_24) == ["fup_4 Overdue", "fup_1 Overdue", "fup_2 Overdue"]


def test_nothing_is_evaluated_before_its_day() -> None:
    world = asked().at(ist(23, "23:59"))
    assert refused(world, EvaluateFollowUps(as_of=NOV_24), TIMER).code == "TOO_EARLY"
    assert world.when(EvaluateFollowUps(as_of=date(2026, 11, 23)), actor=TIMER) == []


def test_one_booked_for_too_late_is_overdue_and_one_booked_when_overdue_is_left_alone() -> None:
    early = asked().given("followup", "fup_1", BOOKED)
    assert evaluated(early, NOV_24) == ["fup_1 Overdue"]
    assert early.state("followup", "fup_1").appointment_id == "appt_later"

    late = asked()
    evaluated(late, NOV_24)
    late.given("followup", "fup_1", BOOKED)
    assert late.state("followup", "fup_1").status == "booked"
    assert evaluated(late, date(2026, 11, 25)) == []
    late.given("followup", "fup_1", FollowUpUnbooked(appointment_id="appt_later", cause="noshow"))
    assert late.state("followup", "fup_1").status == "requested"
    assert evaluated(late, date(2026, 12, 1)) == ["fup_1 Overdue"]


def test_a_booking_does_not_keep_it_beyond_its_last_day() -> None:
    world = asked()
    evaluated(world, NOV_24)
    world.given("followup", "fup_1", BOOKED)
    assert evaluated(world, date(2026, 12, 24)) == ["fup_1 Overdue", "fup_1 Lapsed"]


def test_losing_its_appointment_leaves_an_overdue_one_overdue() -> None:
    world = asked().given("followup", "fup_1", BOOKED)
    evaluated(world, NOV_24)
    world.given("followup", "fup_1", FollowUpUnbooked(appointment_id="appt_later", cause="cancelled"))
    state = world.state("followup", "fup_1")
    assert (state.status, state.appointment_id) == ("overdue", None)


@pytest.mark.parametrize(
    ("day", "deviation", "in_window"),
    [(12, -4, False), (13, -3, True), (16, 0, True), (23, 7, True), (24, 8, False)],
)
def test_a_visit_completes_it(day: int, deviation: int, in_window: bool) -> None:
    """No booking is needed (§2.4)."""
    world = a_visit(asked(), "enc_2", ist(day, "10:00"))
    if day == 24:
        evaluated(world, NOV_24)
    assert world.when(complete("enc_2")) == [
        FollowUpCompleted(
            encounter_id="enc_2",
            completed_on=date(2026, 11, day),
            deviation_days=deviation,
            in_window=in_window,
        )
    ]
    assert world.state("followup", "fup_1").status == "completed"


def test_the_last_day_still_counts_and_the_next_does_not() -> None:
    world = a_visit(asked(), "enc_2", ist(23, "23:50", 12))
    assert world.when(complete("enc_2"))
    world = a_visit(asked(), "enc_2", ist(24, "00:10", 12))
    assert refused(world, complete("enc_2"), TIMER).code == "INVALID_STATE"  # lapsed, though nobody has said so yet


def test_an_amendment_counts_while_the_first_window_is_open() -> None:
    in_time = asked().at(ist(23, "10:00"))
    in_time.when(AmendFollowUp(followup_id="fup_1", due_on=date(2026, 11, 30)), actor=DOCTOR)
    (event,) = a_visit(in_time, "enc_2", ist(1, "10:00", 12)).when(complete("enc_2"))
    assert isinstance(event, FollowUpCompleted) and (event.deviation_days, event.in_window) == (1, True)

    too_late = asked().at(ist(24, "10:00"))
    too_late.when(AmendFollowUp(followup_id="fup_1", due_on=date(2026, 11, 30)), actor=DOCTOR)
    (event,) = a_visit(too_late, "enc_2", ist(1, "10:00", 12)).when(complete("enc_2"))
    assert isinstance(event, FollowUpCompleted) and (event.deviation_days, event.in_window) == (15, False)


def met(world: Scenario, encounter_id: str) -> list[str]:
    context = ScenarioContext(world, "cmd", TIMER, None, "system")
    found = completed_by(context, world.state("encounter", encounter_id), context.tz)
    return [one.followup_id for one in found]


@pytest.mark.parametrize(
    ("same_practitioner", "visit", "is_met"),
    [
        (True, {}, True),
        (True, {"practitioner_id": "prac_iyer"}, False),
        (False, {"practitioner_id": "prac_iyer"}, True),
        (False, {"practitioner_id": "prac_iyer", "specialty_id": "spc_eyes"}, False),
        (False, {"patient_id": "pat_bala"}, False),
        (False, {"is_finished": False}, True),  # whom it meets is asked of finished encounters only
    ],
)
def test_same_patient_and_same_doctor_or_specialty(
    same_practitioner: bool, visit: dict[str, str], is_met: bool
) -> None:
    """R-FU-1."""
    world = a_visit(asked(same_practitioner=same_practitioner), "enc_2", ist(16, "10:00"), **visit)
    assert met(world, "enc_2") == (["fup_1"] if is_met else [])
    if not is_met or "is_finished" in visit:
        assert refused(world, complete("enc_2"), TIMER).code == "INVALID_STATE"


def test_neither_its_own_encounter_nor_an_earlier_one() -> None:
    world = a_visit(asked(), "enc_0", ist(2, "09:00"))
    for encounter_id in ("enc_0", "enc_1"):
        assert met(world, encounter_id) == []
        assert refused(world, complete(encounter_id), TIMER).code == "INVALID_STATE"


def test_a_merged_record_is_the_same_patient() -> None:
    """R-FU-1 speaks of the survivor, whichever of the two records has the follow-up."""
    merged = PatientsMerged(survivor_id="pat_bala", duplicate_id="pat_asha", reason="registered twice")
    world = a_visit(asked(), "enc_2", ist(16, "10:00"), patient_id="pat_bala").given("patient", "pat_bala", merged)
    assert met(world, "enc_2") == ["fup_1"]
    assert world.when(complete("enc_2"))


def test_the_one_due_first_then_the_lower_id() -> None:
    world = seen()
    for id, due_on in (("fup_c", DUE), ("fup_b", DUE), ("fup_a", date(2026, 11, 17))):
        world.when(request(due_on, reason=id), actor=DOCTOR, id=id)
    a_visit(world, "enc_2", ist(16, "10:00"))
    for later in ("fup_a", "fup_c"):
        refusal = refused(world, complete("enc_2", later), TIMER)
        assert (refusal.code, refusal.details["completes"]) == ("INVALID_STATE", ["fup_b"])
    world.when(complete("enc_2", "fup_b"))
    assert met(world, "enc_2") == []
    assert refused(world, complete("enc_2", "fup_c"), TIMER).code == "INVALID_STATE"
    a_visit(world, "enc_3", ist(16, "11:00"))
    world.when(complete("enc_3", "fup_c"))
    a_visit(world, "enc_4", ist(16, "12:00"))
    assert met(world, "enc_4") == ["fup_a"]


def test_one_of_each_specialty_that_asked() -> None:
    """Dr Rao asked as a dermatologist and later as an allergist; one visit answers both, each once."""
    world = a_visit(asked(), "enc_allergy", ist(3, "10:00"), specialty_id="spc_allergy")
    for id, encounter_id in (("fup_2", "enc_allergy"), ("fup_3", "enc_1")):
        world.when(request(date(2026, 11, 18), encounter_id=encounter_id, reason=id), actor=DOCTOR, id=id)
    a_visit(world, "enc_2", ist(16, "10:00"), specialty_id="spc_allergy")
    assert met(world, "enc_2") == ["fup_1", "fup_2"]
    world.when(complete("enc_2", "fup_2"))
    assert met(world, "enc_2") == ["fup_1"]
    world.when(complete("enc_2", "fup_1"))
    assert met(world, "enc_2") == []
