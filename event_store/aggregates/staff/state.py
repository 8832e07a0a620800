"""What a decision needs to know of a member of staff."""

from __future__ import annotations

from msgspec import Struct

from event_store.aggregates.staff.events import EVERY_BRANCH, RoleGranted, RoleRevoked, StaffRegistered
from mymedic.deciding import Guard, GuardChange
from mymedic.messages import Event

# Held by each manager of all branches: one must remain, for only they can make another.
MANAGER = "chain_manager"


class State(Struct):
    exists: bool = False
    staff_id: str = ""
    name: str = ""
    held: dict[str, tuple[str, ...]] = {}  # role -> branches, or EVERY_BRANCH

    @property
    def manages_all(self) -> bool:
        return self.held.get("CM") == EVERY_BRANCH


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state, in place."""
    match event:
        case StaffRegistered():
            state.exists, state.name = True, event.name
            state.held = {one.role: one.branch_scope for one in event.roles}
        case RoleGranted():
            state.held[event.role] = event.branch_scope
        case RoleRevoked():
            state.held.pop(event.role, None)


def guards(state: State, event: Event) -> GuardChange | None:
    """The unique facts that an event claims and gives back; `state` is the state before the event."""
    match event:
        case StaffRegistered():
            manages_all = any(one.role == "CM" and one.branch_scope == EVERY_BRANCH for one in event.roles)
        case RoleGranted(role="CM"):
            manages_all = event.branch_scope == EVERY_BRANCH
        case RoleRevoked(role="CM"):
            manages_all = False
        case _:
            return None
    if manages_all == state.manages_all:
        return None
    guard = [Guard(MANAGER, state.staff_id)]
    return GuardChange(claim=guard) if manages_all else GuardChange(release=guard)
