"""C55, C56 and which version holds when (R-POL-1)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from event_store.aggregates.policy.commands import PublishPolicy, RetirePolicy
from event_store.aggregates.policy.events import PolicyPublished, PolicyRetired, PolicyScope
from event_store.catalogue import decode_event, encode_payload
from mymedic import policies
from mymedic.policies import CancellationBody, DepositBody, FollowUpBody, ForfeitTier, RefundBody
from tests.scenario import Scenario, ScenarioContext
from tests.unit.event_store.clinic import MANAGER, ist, refused
from tests.unit.event_store.organisation import an_organisation

NOW = ist(2, "10:00")
TENANT_WIDE = PolicyScope(level="tenant")
IN_CITY = PolicyScope(level="city", city_id="cty_bengaluru")
AT_BRANCH = PolicyScope(level="branch", branch_id="brn_south")


def deposit(paise: int) -> DepositBody:
    return DepositBody(mode="fixed", fixed_paise=paise)


def publish(body: Any, scope: PolicyScope = TENANT_WIDE, days: int = 0, kind: Any = "deposit") -> PublishPolicy:
    return PublishPolicy(kind=kind, scope=scope, body=body, effective_from=NOW + timedelta(days=days))


def published(world: Scenario, *args: Any) -> PolicyPublished:
    (event,) = world.when(publish(*args), actor=MANAGER)
    assert isinstance(event, PolicyPublished)
    return event


def retire(policy: PolicyPublished, days: int) -> RetirePolicy:
    return RetirePolicy(policy_version_id=policy.policy_version_id, effective_to=NOW + timedelta(days=days))


def fixed_on(world: Scenario, day: int, **where: Any) -> int:
    """The fixed deposit in force so many days after now; 0 is the default body's."""
    context = ScenarioContext(world, "cmd", MANAGER, "api")
    body = policies.in_force(context, "deposit", NOW + timedelta(days=day), **where).body
    assert isinstance(body, DepositBody)
    return body.fixed_paise


def test_a_policy_is_published_and_read_back_whole() -> None:
    world = an_organisation()
    event = published(world, deposit(20_000), AT_BRANCH)
    assert b'"hold_ttl_seconds":900' in encode_payload(event)
    assert decode_event("PolicyPublished", 1, encode_payload(event)) == event
    state = world.state("policy", "deposit-branch:brn_south")
    assert state.in_force(NOW).policy_version_id == event.policy_version_id
    assert state.in_force(NOW).body == deposit(20_000)
    assert state.version(event.policy_version_id).body == deposit(20_000)
    assert state.version("pol_none") is None


def test_without_any_policy_the_defaults_hold() -> None:
    context = ScenarioContext(an_organisation(), "cmd", MANAGER, "api")
    for kind, body in policies.DEFAULTS.items():
        version = policies.in_force(context, kind, NOW, branch_id="brn_south", city_id="cty_bengaluru")
        assert (version.policy_version_id, version.body) == (f"pol_default_{kind}", body)


def test_the_narrowest_scope_wins() -> None:
    world = an_organisation()
    where = {"branch_id": "brn_south", "city_id": "cty_bengaluru"}
    for paise, scope in ((1, TENANT_WIDE), (2, IN_CITY), (3, AT_BRANCH)):
        published(world, deposit(paise), scope)
        assert fixed_on(world, 0, **where) == paise
    assert fixed_on(world, 0, branch_id="brn_north", city_id="cty_bengaluru") == 2
    assert fixed_on(world, 0, branch_id="brn_north", city_id="cty_pune") == 1


def test_a_version_ends_where_the_next_begins_in_whatever_order_they_were_published() -> None:
    world = an_organisation()
    for paise, day in ((1, 0), (3, 20), (2, 10)):
        published(world, deposit(paise), TENANT_WIDE, day)
    assert [fixed_on(world, day) for day in (-1, 0, 9, 10, 19, 20)] == [0, 1, 1, 2, 2, 3]
    ends = [version.effective_to for version in world.state("policy", "deposit-tenant").versions()]
    assert ends == [NOW + timedelta(days=10), NOW + timedelta(days=20), None]


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (publish(deposit(1), days=-1), "BACKDATED_CHANGE"),
        (publish(deposit(1), PolicyScope(level="city")), "VALIDATION_FAILED"),
        (publish(deposit(1), PolicyScope(level="tenant", city_id="cty_pune")), "VALIDATION_FAILED"),
        (
            publish(deposit(1), PolicyScope(level="city", city_id="cty_pune", branch_id="brn_south")),
            "VALIDATION_FAILED",
        ),
        (publish(deposit(1), PolicyScope(level="branch", branch_id="brn_none")), "NOT_FOUND"),
    ],
)
def test_a_policy_is_refused(command: PublishPolicy, code: str) -> None:
    assert refused(an_organisation(), command, MANAGER).code == code


def tiers(*pairs: tuple[int, int]) -> CancellationBody:
    return CancellationBody(tiers=tuple(ForfeitTier(min_lead_seconds=lead, forfeit_bps=bps) for lead, bps in pairs))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("deposit", CancellationBody()),
        ("cancellation", tiers()),
        ("cancellation", tiers((3600, 0))),
        ("cancellation", tiers((0, 0), (0, 10_000))),
        ("cancellation", tiers((10, 0), (20, 5000), (0, 10_000))),
        ("cancellation", tiers((3600, 5000), (0, 4999))),
        ("deposit", DepositBody(mode="fixed")),
        ("deposit", DepositBody(mode="bps")),
        ("deposit", DepositBody(min_paise=2, max_paise=1)),
        ("refund", RefundBody(auto_approve_limit_paise=2, manager_limit_paise=1)),
    ],
)
def test_a_body_that_contradicts_itself_is_refused(kind: str, body: Any) -> None:
    assert refused(an_organisation(), publish(body, kind=kind), MANAGER).code == "POLICY_INVALID"


@pytest.mark.parametrize(
    ("kind", "body"),
    [*policies.DEFAULTS.items(), ("cancellation", tiers((0, 0))), ("follow_up", FollowUpBody(free_days=0))],
)
def test_the_defaults_themselves_can_be_published(kind: str, body: Any) -> None:
    published(an_organisation(), body, TENANT_WIDE, 0, kind)


def test_two_versions_do_not_begin_together() -> None:
    world = an_organisation()
    published(world, deposit(1))
    assert refused(world, publish(deposit(2)), MANAGER).code == "ALREADY_EXISTS"


def test_a_branch_policy_is_retired_and_the_tenants_holds_again() -> None:
    world = an_organisation()
    published(world, deposit(1))
    branch = published(world, deposit(2), AT_BRANCH)
    assert world.when(retire(branch, 5), actor=MANAGER) == [
        PolicyRetired(policy_version_id=branch.policy_version_id, effective_to=NOW + timedelta(days=5))
    ]
    assert [fixed_on(world, day, branch_id="brn_south") for day in (4, 5)] == [2, 1]
    assert refused(world, retire(branch, 6), MANAGER).code == "INVALID_STATE"


def test_a_version_retired_before_it_began_never_held() -> None:
    world = an_organisation()
    published(world, deposit(1))
    later = published(world, deposit(2), TENANT_WIDE, 10)
    world.when(retire(later, 10), actor=MANAGER)
    assert [fixed_on(world, day) for day in (9, 10, 99)] == [1, 1, 1]
    published(world, deposit(3), TENANT_WIDE, 10)
    assert fixed_on(world, 10) == 3


@pytest.mark.parametrize(("days", "code"), [(-1, "BACKDATED_CHANGE"), (4, "VALIDATION_FAILED")])
def test_a_version_is_retired_within_its_time(days: int, code: str) -> None:
    world = an_organisation()
    branch = published(world, deposit(2), AT_BRANCH, 5)
    assert refused(world, retire(branch, days), MANAGER).code == code


def test_a_tenant_wide_version_always_remains() -> None:
    world = an_organisation()
    only = published(world, deposit(1))
    assert refused(world, retire(only, 5), MANAGER).code == "POLICY_NOT_FOUND"
    nobody = RetirePolicy(policy_version_id="pol_none", effective_to=NOW)
    assert refused(world, nobody, MANAGER).code == "POLICY_NOT_FOUND"
