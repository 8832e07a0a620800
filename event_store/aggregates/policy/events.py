"""What happens to a policy: one kind of rule for one scope."""

from __future__ import annotations

from typing import ClassVar, Literal

from mymedic.messages import Event, Id, Timestamp, Value
from mymedic.policies import CancellationBody, DepositBody, FollowUpBody, PolicyKind, RefundBody


class PolicyScope(Value, frozen=True, kw_only=True):
    """For whom a policy holds; only the id that the level names is given."""

    level: Literal["tenant", "city", "branch"]
    city_id: Id | None = None
    branch_id: Id | None = None


class PolicyPublished(Event, frozen=True, kw_only=True):
    """A body from an instant on; an open version of the same kind and scope ends there."""

    retention: ClassVar[tuple[str, ...]] = ("financial_gst",)
    policy_version_id: Id
    kind: PolicyKind
    scope: PolicyScope
    body: CancellationBody | DepositBody | FollowUpBody | RefundBody
    effective_from: Timestamp


class PolicyRetired(Event, frozen=True, kw_only=True):
    retention: ClassVar[tuple[str, ...]] = ("financial_gst",)
    policy_version_id: Id
    effective_to: Timestamp


EVENTS: tuple[type[Event], ...] = (PolicyPublished, PolicyRetired)
