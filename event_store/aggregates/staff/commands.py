"""What may be asked of a member of staff."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from event_store.aggregates.staff.events import BranchScope, RoleHeld, StaffRole
from mymedic.messages import Command, Id, Text


class RegisterStaff(Command, frozen=True, kw_only=True):
    """C11. An engineer registers a tenant's first manager of all branches. Without `staff_id` a new id is made."""

    who: ClassVar[frozenset[str]] = frozenset({"CM", "EN"})
    name: Text
    roles: Annotated[tuple[RoleHeld, ...], Meta(max_length=5)]
    staff_id: Id | None = None


class GrantRole(Command, frozen=True, kw_only=True):
    """C12. `branch_scope` is a list of branches, or `["*"]` for all; it replaces the role's earlier scope."""

    who: ClassVar[frozenset[str]] = frozenset({"CM"})
    subject_id: Id
    role: StaffRole
    branch_scope: BranchScope


class RevokeRole(Command, frozen=True, kw_only=True):
    """C12. The last manager of all branches stays."""

    who: ClassVar[frozenset[str]] = frozenset({"CM"})
    subject_id: Id
    role: StaffRole
