"""C11, C12."""

from __future__ import annotations

from typing import Any

import pytest

from event_store.aggregates.staff.commands import GrantRole, RegisterStaff, RevokeRole
from event_store.aggregates.staff.events import RoleGranted, RoleHeld, RoleRevoked, StaffRegistered
from mymedic.messages import Actor
from tests.scenario import Scenario
from tests.unit.event_store.clinic import ENGINEER, MANAGER, refused
from tests.unit.event_store.organisation import an_organisation

ALL = ("*",)


def register(*roles: tuple[Any, tuple[str, ...]], staff_id: str | None = "stf_1") -> RegisterStaff:
    held = tuple(RoleHeld(role=role, branch_scope=scope) for role, scope in roles)
    return RegisterStaff(name="Meera", roles=held, staff_id=staff_id)


def grant(role: Any, *scope: str, to: str = "stf_1") -> GrantRole:
    return GrantRole(subject_id=to, role=role, branch_scope=scope)


def revoke(role: Any, of: str = "stf_1") -> RevokeRole:
    return RevokeRole(subject_id=of, role=role)


def a_staffed_organisation() -> Scenario:
    """One manager of all branches and one person at the desk of the southern branch."""
    world = an_organisation()
    world.when(register(("CM", ALL), staff_id="stf_head"), actor=ENGINEER)
    world.when(register(("FD", ("brn_south",))), actor=MANAGER)
    return world


def test_an_engineer_registers_the_first_manager_and_nobody_else() -> None:
    world = an_organisation()
    assert refused(world, register(("FD", ALL)), ENGINEER).code == "FORBIDDEN"
    assert refused(world, register(("CM", ("brn_south",))), ENGINEER).code == "FORBIDDEN"
    first = register(("CM", ALL))
    assert world.when(first, actor=ENGINEER) == [StaffRegistered(name="Meera", roles=first.roles)]
    assert refused(world, register(("CM", ALL), staff_id="stf_2"), ENGINEER).code == "FORBIDDEN"


def test_a_manager_registers_staff() -> None:
    world = a_staffed_organisation()
    assert world.state("staff", "stf_1").held == {"FD": ("brn_south",)}
    assert refused(world, register(("FD", ALL)), MANAGER).code == "ALREADY_EXISTS"
    world.when(register(staff_id=None), actor=MANAGER, id="stf_without_roles")
    assert world.state("staff", "stf_without_roles").held == {}


@pytest.mark.parametrize(
    ("roles", "code"),
    [
        ((("FD", ALL), ("FD", ("brn_south",))), "VALIDATION_FAILED"),
        ((("FD", ("*", "brn_south")),), "VALIDATION_FAILED"),
        ((("FD", ("brn_nowhere",)),), "NOT_FOUND"),
    ],
)
def test_roles_are_given_once_and_for_branches_that_exist(roles: Any, code: str) -> None:
    assert refused(a_staffed_organisation(), register(*roles, staff_id="stf_2"), MANAGER).code == code


def test_a_grant_replaces_the_scope_of_its_role() -> None:
    world = a_staffed_organisation()
    assert world.when(grant("FD", "*"), actor=MANAGER) == [RoleGranted(subject_id="stf_1", role="FD", branch_scope=ALL)]
    world.when(grant("FN", "brn_south"), actor=MANAGER)
    assert world.state("staff", "stf_1").held == {"FD": ALL, "FN": ("brn_south",)}
    assert refused(world, grant("FN", "brn_south"), MANAGER).code == "INVALID_STATE"
    assert refused(world, grant("FN", "brn_nowhere"), MANAGER).code == "NOT_FOUND"
    assert refused(world, grant("FN", "*", "brn_south"), MANAGER).code == "VALIDATION_FAILED"
    assert refused(world, grant("FN", "*", to="stf_nobody"), MANAGER).code == "NOT_FOUND"


def test_a_role_is_revoked_once() -> None:
    world = a_staffed_organisation()
    assert world.when(revoke("FD"), actor=MANAGER) == [RoleRevoked(subject_id="stf_1", role="FD")]
    assert refused(world, revoke("FD"), MANAGER).code == "INVALID_STATE"
    assert refused(world, revoke("FD", of="stf_nobody"), MANAGER).code == "NOT_FOUND"


def test_the_last_manager_of_all_branches_cannot_be_revoked_or_narrowed() -> None:
    world = a_staffed_organisation()
    assert refused(world, revoke("CM", of="stf_head"), MANAGER).code == "INVALID_STATE"
    assert refused(world, grant("CM", "brn_south", to="stf_head"), MANAGER).code == "INVALID_STATE"
    world.when(grant("CM", "brn_south"), actor=MANAGER)
    assert refused(world, revoke("CM", of="stf_head"), MANAGER).code == "INVALID_STATE"  # a branch's manager is no heir
    world.when(grant("CM", "*"), actor=MANAGER)
    world.when(grant("CM", "brn_south", to="stf_head"), actor=MANAGER)
    world.when(revoke("CM", of="stf_head"), actor=MANAGER)
    assert refused(world, revoke("CM"), MANAGER).code == "INVALID_STATE"


def test_r_auth_2_a_manager_of_one_branch_takes_no_role_from_those_of_others() -> None:
    """A grant replaces what was held: it must not become a revocation elsewhere."""
    world = a_staffed_organisation()
    world.when(register(("CM", ALL), staff_id="stf_chief"), actor=MANAGER)
    of_south = Actor(type="user", id="stf_south", roles=("CM",), branch_scope=("brn_south",))
    assert refused(world, grant("CM", "brn_south", to="stf_head"), of_south).code == "FORBIDDEN_BRANCH"
    assert world.when(grant("FN", "brn_south"), actor=of_south)
    assert world.when(grant("CM", "brn_south", to="stf_head"), actor=MANAGER)
