"""What a decision needs to know of a policy."""

from __future__ import annotations

from datetime import datetime
from itertools import zip_longest

import msgspec
from msgspec import Struct

from event_store.aggregates.policy.events import PolicyPublished, PolicyRetired
from mymedic.deciding import Guard, GuardChange
from mymedic.messages import Event
from mymedic.policies import PolicyVersion


class State(Struct):
    """`retired` holds the end that was set for a version; a version also ends where the next one begins."""

    exists: bool = False
    kind: str = ""
    level: str = ""
    branch_id: str | None = None
    published: dict[str, PolicyPublished] = {}
    retired: dict[str, datetime] = {}

    def versions(self) -> list[PolicyVersion]:
        """The versions that hold at some time, by effective_from, each ending at the latest where the next begins."""
        held = [
            version
            for event in sorted(self.published.values(), key=lambda event: event.effective_from)
            if (version := self.version(event.policy_version_id)) and version.effective_to != version.effective_from
        ]
        return [_ended(version, following) for version, following in zip_longest(held, held[1:])]

    def version(self, policy_version_id: str) -> PolicyVersion | None:
        """A version as it was published, whatever became of it: for what is pinned to it."""
        event = self.published.get(policy_version_id)
        if event is None:
            return None
        return PolicyVersion(
            policy_version_id=policy_version_id,
            body=event.body,
            effective_from=event.effective_from,
            effective_to=self.retired.get(policy_version_id),
        )

    def in_force(self, at: datetime) -> PolicyVersion | None:
        return next((version for version in self.versions() if version.covers(at)), None)


def _ended(version: PolicyVersion, following: PolicyVersion | None) -> PolicyVersion:
    ends = [end for end in (version.effective_to, following and following.effective_from) if isinstance(end, datetime)]
    return msgspec.structs.replace(version, effective_to=min(ends, default=None))


def evolve(state: State, event: Event) -> None:
    """Fold one event into the state, in place."""
    match event:
        case PolicyPublished():
            state.exists, state.kind, state.level = True, event.kind, event.scope.level
            state.branch_id = event.scope.branch_id
            state.published[event.policy_version_id] = event
        case PolicyRetired():
            state.retired[event.policy_version_id] = event.effective_to


def guards(state: State, event: Event) -> GuardChange | None:
    """The unique facts that an event claims and gives back; `state` is the state before the event."""
    if isinstance(event, PolicyPublished):
        return GuardChange(claim=[Guard("policy_version", event.policy_version_id)])
    return None
