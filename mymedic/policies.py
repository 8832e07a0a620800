"""Policy bodies, what they are when nobody has published any, and their arithmetic (DOMAIN §2.3)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from mymedic.deciding import Folded, Streams
from mymedic.errors import Refused
from mymedic.messages import Bps, Count, Paise, Value
from mymedic.money import share_bps

PolicyKind = Literal["cancellation", "deposit", "follow_up", "refund"]
Lead = Annotated[int, Meta(ge=0, le=366 * 86_400)]
Days = Annotated[int, Meta(ge=0, le=3660)]
BookingChannel = Literal["portal", "phone", "walk_in", "console", "doctor_app", "api", "system"]


# A stored body spells out every figure (omit_defaults=False): a later change of a default here must not change it.
class ForfeitTier(Value, frozen=True, kw_only=True, omit_defaults=False):
    """From `min_lead_seconds` before the start, this share of the base is kept."""

    min_lead_seconds: Lead
    forfeit_bps: Bps


class CancellationBody(Value, frozen=True, kw_only=True, tag_field="kind", tag="cancellation", omit_defaults=False):
    tiers: tuple[ForfeitTier, ...] = (
        ForfeitTier(min_lead_seconds=24 * 3600, forfeit_bps=0),
        ForfeitTier(min_lead_seconds=4 * 3600, forfeit_bps=5000),
        ForfeitTier(min_lead_seconds=0, forfeit_bps=10_000),
    )
    max_reschedules: Count = 2
    min_reschedule_lead_seconds: Lead = 0
    noshow_forfeit_bps: Bps = 10_000
    noshow_grace_seconds: Lead = 1800
    forfeit_base: Literal["deposit", "price"] = "deposit"


class NoshowEscalation(Value, frozen=True, kw_only=True):
    """Patients with at least `threshold` no-shows in the last 365 days pay at least `bps` of the price."""

    threshold: Annotated[int, Meta(ge=1, le=1000)]
    bps: Bps


class DepositBody(Value, frozen=True, kw_only=True, tag_field="kind", tag="deposit", omit_defaults=False):
    """`channels` empty: every channel; `max_paise` None: no ceiling but the price."""

    mode: Literal["none", "fixed", "bps"] = "none"
    fixed_paise: Paise = 0
    bps: Bps = 0
    min_paise: Paise = 0
    max_paise: Paise | None = None
    channels: tuple[BookingChannel, ...] = ()
    hold_ttl_seconds: Annotated[int, Meta(ge=1, le=86_400)] = 900
    noshow_escalation: NoshowEscalation | None = None


class FollowUpBody(Value, frozen=True, kw_only=True, tag_field="kind", tag="follow_up", omit_defaults=False):
    free_days: Days = 7
    free_visits: Count = 1
    same_practitioner: bool = True
    early_days: Days = 3
    late_days: Days = 7
    lapse_days: Days = 30


class RefundBody(Value, frozen=True, kw_only=True, tag_field="kind", tag="refund", omit_defaults=False):
    auto_approve_limit_paise: Paise = 200_000
    manager_limit_paise: Paise = 2_000_000
    cash_refund_limit_paise: Paise = 500_000
    max_age_days: Days = 180


PolicyBody = CancellationBody | DepositBody | FollowUpBody | RefundBody

DEFAULTS: dict[str, PolicyBody] = {
    "cancellation": CancellationBody(),
    "deposit": DepositBody(),
    "follow_up": FollowUpBody(),
    "refund": RefundBody(),
}


class PolicyVersion(Value, frozen=True, kw_only=True):
    """A body with the id that is pinned to whatever it decided; `effective_to` is exclusive."""

    policy_version_id: str
    body: PolicyBody
    effective_from: datetime | None = None
    effective_to: datetime | None = None

    def covers(self, at: datetime) -> bool:
        """Whether this version is in force at an instant."""
        return (self.effective_from is None or self.effective_from <= at) and (
            self.effective_to is None or at < self.effective_to
        )


DEFAULT_VERSIONS: dict[str, PolicyVersion] = {
    kind: PolicyVersion(policy_version_id=f"pol_default_{kind}", body=body) for kind, body in DEFAULTS.items()
}


def policy_id(kind: str, *, branch_id: str | None = None, city_id: str | None = None) -> str:
    """Id of the policy aggregate of a scope: the branch if given, else the city, else the tenant."""
    if branch_id:
        return f"{kind}-branch:{branch_id}"
    return f"{kind}-city:{city_id}" if city_id else f"{kind}-tenant"


def in_force(
    streams: Folded, kind: str, at: datetime, *, branch_id: str | None = None, city_id: str | None = None
) -> PolicyVersion:
    """The version in force for the most specific scope, branch > city > tenant, else the default (R-POL-1)."""
    ids = [policy_id(kind)]
    if city_id:
        ids.insert(0, policy_id(kind, city_id=city_id))
    if branch_id:
        ids.insert(0, policy_id(kind, branch_id=branch_id))
    for id in ids:
        version = streams.state("policy", id).in_force(at)
        if version is not None:
            return version
    return DEFAULT_VERSIONS[kind]


def pinned(streams: Streams, policy_version_id: str) -> PolicyVersion:
    """The version that was pinned, whatever was published since (R-POL-1); POLICY_NOT_FOUND when it is another's."""
    for default in DEFAULT_VERSIONS.values():
        if default.policy_version_id == policy_version_id:
            return default
    holder = streams.holder("policy_version", policy_version_id)
    version: PolicyVersion | None = streams.state("policy", holder).version(policy_version_id) if holder else None
    if version is None:
        raise Refused(
            "POLICY_NOT_FOUND", "the pinned policy is not in this tenant", policy_version_id=policy_version_id
        )
    return version


def tier_bps(body: CancellationBody, lead_seconds: int) -> int:
    """Forfeit share of a cancellation with this lead; a lead below every tier pays the last one."""
    for tier in body.tiers:
        if lead_seconds >= tier.min_lead_seconds:
            return tier.forfeit_bps
    return body.tiers[-1].forfeit_bps


def forfeit_and_refund(body: CancellationBody, held_paise: int, price_paise: int, eff_bps: int) -> tuple[int, int]:
    """(forfeit, refund) of the money held (R-POL-2); they add up to it, the refund is never rounded by itself."""
    base = held_paise if body.forfeit_base == "deposit" else min(held_paise, price_paise)
    forfeit = min(held_paise, share_bps(base, eff_bps))
    return forfeit, held_paise - forfeit


def required_deposit(body: DepositBody, price_paise: int, channel: str, prior_noshows: int) -> int:
    """Paise to be paid before a booking stands: never more than the price, 0 on a channel the policy leaves out."""
    if body.channels and channel not in body.channels:
        return 0
    if body.mode == "none":
        wanted = 0
    else:
        wanted = body.fixed_paise if body.mode == "fixed" else share_bps(price_paise, body.bps)
    escalation = body.noshow_escalation
    escalated = escalation is not None and prior_noshows >= escalation.threshold
    if escalation is not None and escalated:
        wanted = max(wanted, share_bps(price_paise, escalation.bps))
    if body.mode == "none" and not escalated:
        return 0
    wanted = max(wanted, body.min_paise)
    if body.max_paise is not None:
        wanted = min(wanted, body.max_paise)
    return min(wanted, price_paise)
