"""What may be asked of a policy."""

from __future__ import annotations

from typing import ClassVar

from event_store.aggregates.policy.events import PolicyScope
from mymedic.messages import Command, Id, Timestamp
from mymedic.policies import CancellationBody, DepositBody, FollowUpBody, PolicyKind, RefundBody


class PublishPolicy(Command, frozen=True, kw_only=True):
    """C55. The body names its kind again, which must be the same."""

    who: ClassVar[frozenset[str]] = frozenset({"CM"})
    kind: PolicyKind
    scope: PolicyScope
    body: CancellationBody | DepositBody | FollowUpBody | RefundBody
    effective_from: Timestamp


class RetirePolicy(Command, frozen=True, kw_only=True):
    """C56. The version id names the policy stream through its guard."""

    who: ClassVar[frozenset[str]] = frozenset({"CM"})
    policy_version_id: Id
    effective_to: Timestamp
