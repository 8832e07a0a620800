"""The rules of a member of staff."""

from __future__ import annotations

from collections.abc import Iterable

from event_store.aggregates.staff.commands import GrantRole, RegisterStaff, RevokeRole
from event_store.aggregates.staff.events import EVERY_BRANCH, RoleGranted, RoleHeld, RoleRevoked, StaffRegistered
from event_store.aggregates.staff.state import MANAGER, State
from mymedic.deciding import Context, Decision, check
from mymedic.messages import Command, Event


def register_staff(state: State, command: RegisterStaff, context: Context) -> Iterable[Event]:
    roles = [one.role for one in command.roles]
    check(len(set(roles)) == len(roles), "VALIDATION_FAILED", "a role is given twice", field="roles")
    for one in command.roles:
        _check_scope(one.branch_scope, context)
    if not context.actor.has("CM"):
        check(
            RoleHeld(role="CM", branch_scope=EVERY_BRANCH) in command.roles and not context.guards(MANAGER, ""),
            "FORBIDDEN",
            "an engineer registers the first manager of all branches, who registers everybody else",
        )
    yield StaffRegistered(name=command.name, roles=command.roles)


def grant_role(state: State, command: GrantRole, context: Context) -> Iterable[Event]:
    _check_scope(command.branch_scope, context)
    held = state.held.get(command.role)
    _check_within_reach(held or (), context)
    check(
        held is None or set(held) != set(command.branch_scope),
        "INVALID_STATE",
        f"{context.id} holds {command.role} there already",
        role=command.role,
    )
    if command.role == "CM" and command.branch_scope != EVERY_BRANCH:
        _check_one_remains(state, context)
    yield RoleGranted(subject_id=command.subject_id, role=command.role, branch_scope=command.branch_scope)


def revoke_role(state: State, command: RevokeRole, context: Context) -> Iterable[Event]:
    check(command.role in state.held, "INVALID_STATE", f"{context.id} does not hold {command.role}", role=command.role)
    if command.role == "CM":
        _check_one_remains(state, context)
    yield RoleRevoked(subject_id=command.subject_id, role=command.role)


def _check_scope(scope: tuple[str, ...], context: Context) -> None:
    if "*" in scope:
        check(scope == EVERY_BRANCH, "VALIDATION_FAILED", "`*` stands alone", field="branch_scope")
        return
    for branch_id in scope:
        context.require("branch", branch_id)


def _check_within_reach(held: tuple[str, ...], context: Context) -> None:
    """A grant replaces the scope before it: nobody takes away branches that they could not give."""
    scope = context.actor.branch_scope
    beyond = [] if scope == "*" else sorted(set(held) - set(scope))
    check(not beyond, "FORBIDDEN_BRANCH", "the role is held beyond this actor's branches too", branch_ids=beyond)


def _check_one_remains(state: State, context: Context) -> None:
    check(
        not state.manages_all or len(context.guards(MANAGER, "")) > 1,
        "INVALID_STATE",
        "the last manager of all branches stays: grant another the role first",
    )


DECISIONS: dict[type[Command], Decision] = {
    RegisterStaff: Decision(register_staff, target="staff_id", creates=True),
    GrantRole: Decision(grant_role, target="subject_id"),
    RevokeRole: Decision(revoke_role, target="subject_id"),
}
