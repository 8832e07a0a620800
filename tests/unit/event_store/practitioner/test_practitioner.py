"""C09, C10."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from event_store.aggregates.practitioner.commands import RegisterPractitioner, UpdatePractitioner
from event_store.aggregates.practitioner.events import (
    PractitionerRegistered,
    PractitionerRole,
    PractitionerUpdated,
)
from event_store.aggregates.tenant.events import SpecialtyDefined
from tests.unit.event_store.clinic import MANAGER, TENANT, a_clinic, booked, ist, refused
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
