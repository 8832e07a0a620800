"""C09, C10, C26."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from event_store.aggregates.appointment.commands import CancelAppointment
from event_store.aggregates.practitioner.commands import (
    RegisterPractitioner,
    SetTeleAvailability,
    UpdatePractitioner,
)
from event_store.aggregates.practitioner.events import (
    PractitionerRegistered,
    PractitionerRole,
    PractitionerUpdated,
    TeleAvailabilityChanged,
)
from event_store.aggregates.tenant.events import SpecialtyDefined
from tests.unit.event_store.clinic import DESK, MANAGER, TENANT, a_clinic, book, booked, ist, refused
from tests.unit.event_store.organisation import MONDAY, an_organisation, registered_branch

TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)


def role(branch_id: str = "brn_south", start: date = MONDAY, end: date | None = None) -> PractitionerRole:
    return PractitionerRole(branch_id=branch_id, share_bps=4000, from_=start, to=end)


def register(**changes: Any) -> RegisterPractitioner:
    fields: dict[str, Any] = {
        "name": "Dr Iyer",
        "specialty_id": "spc_derm",
        "registration_no": "KMC 2",
        "roles": (role(),),
    }
    return RegisterPractitioner(**{**fields, **changes})


def update(effective_on: date = MONDAY, **changes: Any) -> UpdatePractitioner:
    return UpdatePractitioner(practitioner_id="prac_rao", effective_on=effective_on, **changes)


def test_a_practitioner_is_registered() -> None:
    world = an_organisation()
    (event,) = world.when(register(practitioner_id="prac_iyer"), actor=MANAGER)
    assert isinstance(event, PractitionerRegistered)
    state = world.state("practitioner", "prac_iyer")
    assert (state.name, state.specialty_id, state.active, state.roles) == ("Dr Iyer", "spc_derm", True, (role(),))
    assert state.works_at("brn_south") and not state.works_at("brn_north")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"registration_no": "kmc1"}, "ALREADY_EXISTS"),
        ({"practitioner_id": "prac_rao"}, "ALREADY_EXISTS"),
        ({"specialty_id": "spc_none"}, "NOT_FOUND"),
        ({"roles": (role("brn_none"),)}, "NOT_FOUND"),
        ({"roles": (role(end=MONDAY),)}, "VALIDATION_FAILED"),
    ],
)
def test_a_practitioner_is_refused(changes: dict[str, Any], code: str) -> None:
    assert refused(an_organisation(), register(**changes), MANAGER).code == code


def test_roles_hold_from_a_day_to_before_another() -> None:
    world = an_organisation().given("branch", "brn_north", registered_branch("brn_north"))
    roles = (role(end=WEDNESDAY), role("brn_north", WEDNESDAY))
    assert world.when(update(TUESDAY, roles=roles), actor=MANAGER) == [
        PractitionerUpdated(roles=roles, effective_on=TUESDAY)
    ]
    state = world.state("practitioner", "prac_rao")
    where = {
        day: [branch for branch in ("brn_south", "brn_north") if state.works_at(branch, day)]
        for day in (MONDAY, TUESDAY, WEDNESDAY)
    }
    assert where == {MONDAY: ["brn_south"], TUESDAY: ["brn_south"], WEDNESDAY: ["brn_north"]}


def test_a_specialty_changes_from_a_day_on() -> None:
    world = an_organisation().given("tenant", TENANT, SpecialtyDefined(specialty_id="spc_ent", name="ENT"))
    world.when(update(WEDNESDAY, specialty_id="spc_ent"), actor=MANAGER)
    state = world.state("practitioner", "prac_rao")
    assert (state.specialty_on(TUESDAY), state.specialty_on(WEDNESDAY)) == ("spc_derm", "spc_ent")
    assert refused(world, update(specialty_id="spc_none"), MANAGER).code == "NOT_FOUND"
    assert refused(world, update(), MANAGER).code == "VALIDATION_FAILED"


def test_a_practitioner_leaves_and_comes_back() -> None:
    world = an_organisation()
    world.when(update(TUESDAY, active=False), actor=MANAGER)
    state = world.state("practitioner", "prac_rao")
    assert (state.active, state.active_on(MONDAY), state.active_on(TUESDAY)) == (False, True, False)
    world.when(update(WEDNESDAY, active=True), actor=MANAGER)
    assert state.active and state.active_on(WEDNESDAY) and not state.active_on(TUESDAY)


def test_a_practitioner_with_bookings_does_not_leave() -> None:
    world = booked(a_clinic(), "appt_1", "slot_tue18")
    refusal = refused(world, update(TUESDAY, active=False), MANAGER)
    assert (refusal.code, refusal.details["appointment_ids"]) == ("SCHEDULE_HAS_BOOKINGS", ["appt_1"])
    world.when(update(WEDNESDAY, active=False), actor=MANAGER)


def test_bookings_that_are_over_keep_nobody() -> None:
    world = booked(a_clinic(), "appt_1", "slot_tue18").at(ist(3, "18:15"))
    world.when(update(TUESDAY, active=False), actor=MANAGER)


def tele(available: bool = False, start: str = "11:00", end: str | None = "13:00", day: int = 3) -> SetTeleAvailability:
    until = None if end is None else ist(day, end)
    return SetTeleAvailability(practitioner_id="prac_rao", available=available, from_=ist(day, start), until=until)


def test_video_visits_are_withdrawn_for_a_time_and_the_booked_ones_stand() -> None:
    world = a_clinic()
    video = book("slot_video", visit_type="tele")  # Tuesday, 12:00
    world.when(video, actor=DESK, id="appt_1")
    expected = TeleAvailabilityChanged(available=False, from_at=ist(3, "11:00"), until_at=ist(3, "13:00"))
    assert world.when(tele(), actor=MANAGER) == [expected]
    assert world.state("appointment", "appt_1").status == "booked"
    cancel = CancelAppointment(appointment_id="appt_1", initiator="provider", reason_code="other")
    world.when(cancel, actor=DESK)
    assert refused(world, video).code == "SLOT_UNAVAILABLE"
    assert world.when(book("slot_tue18"), actor=DESK)
    world.when(tele(available=True), actor=MANAGER)
    world.when(video, actor=DESK)


@pytest.mark.parametrize(
    ("start", "end", "available"),
    [("12:14", "12:15", False), ("12:15", "13:00", True), ("11:00", "12:00", True), ("00:00", None, False)],
)
def test_a_visit_needs_all_of_its_time(start: str, end: str | None, available: bool) -> None:
    world = a_clinic()
    world.when(tele(start=start, end=end), actor=MANAGER)
    state = world.state("practitioner", "prac_rao")
    assert state.is_tele_available(ist(3, "12:00"), ist(3, "12:15")) is available


def test_a_tele_availability_that_says_nothing_is_refused() -> None:
    world = a_clinic()
    assert refused(world, tele(start="13:00"), MANAGER).code == "VALIDATION_FAILED"
    assert refused(world, tele(day=1), MANAGER).code == "INVALID_STATE"
    world.when(tele(), actor=MANAGER)
    assert refused(world, tele(), MANAGER).code == "INVALID_STATE"
    world.given("practitioner", "prac_rao", PractitionerUpdated(active=False, effective_on=TUESDAY))
    assert refused(world, tele(end="12:00"), MANAGER).code == "INVALID_STATE"
