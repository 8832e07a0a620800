"""What happens to a member of staff: who they are, and which roles they hold over which branches."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from mymedic.messages import Event, Id, Text, Value

# Of people who are neither patients nor practitioners; programs get theirs with their keys.
StaffRole = Literal["FD", "FN", "CM", "AU", "EN"]
# Ids of branches, or `*` alone: every branch, also those yet to be opened.
BranchScope = Annotated[
    tuple[Annotated[str, Meta(pattern=r"^(\*|[A-Za-z0-9_.:-]{3,64})(?!\n)$")], ...], Meta(min_length=1, max_length=500)
]
EVERY_BRANCH = ("*",)


class RoleHeld(Value, frozen=True, kw_only=True):
    """A role over some branches, or over all of them (`["*"]`)."""

    role: StaffRole
    branch_scope: BranchScope


class StaffRegistered(Event, frozen=True, kw_only=True):
    name: Text
    roles: tuple[RoleHeld, ...]


class RoleGranted(Event, frozen=True, kw_only=True):
    """`branch_scope` replaces what the role reached before."""

    subject_id: Id
    role: StaffRole
    branch_scope: BranchScope


class RoleRevoked(Event, frozen=True, kw_only=True):
    subject_id: Id
    role: StaffRole


EVENTS: tuple[type[Event], ...] = (StaffRegistered, RoleGranted, RoleRevoked)
