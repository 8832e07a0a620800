"""C53, C54 and the order in which prices are looked for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from event_store.aggregates.branch.events import BranchUpdated
from event_store.aggregates.price.commands import RetirePrice, SetPrice
from event_store.aggregates.price.events import PriceRetired, PriceScope, PriceSet
from mymedic.errors import Refused
from tests.scenario import Scenario
from tests.unit.event_store.clinic import MANAGER, ist, refused
from tests.unit.event_store.organisation import an_organisation

NOW = ist(2, "10:00")
LEVELS: dict[str, dict[str, str]] = {
    "tenant": {},
    "city": {"city_id": "cty_bengaluru"},
    "branch": {"branch_id": "brn_south"},
    "practitioner": {"practitioner_id": "prac_rao"},
    "practitioner_branch": {"practitioner_id": "prac_rao", "branch_id": "brn_south"},
}
HERE: dict[str, Any] = {"branch_id": "brn_south", "city_id": "cty_bengaluru", "practitioner_id": "prac_rao"}


def set_price(amount: int = 80_000, level: Any = "tenant", days: int = 0, **changes: Any) -> SetPrice:
    """A price from so many days after now on."""
    fields: dict[str, Any] = {
        "service_id": "svc_peel",
        "scope": PriceScope(level=level, **LEVELS[level]),
        "amount_paise": amount,
        "tax_inclusive": True,
        "effective_from": NOW + timedelta(days=days),
    }
    return SetPrice(**{**fields, **changes})


def given_price(world: Scenario, *args: Any, **changes: Any) -> PriceSet:
    (event,) = world.when(set_price(*args, **changes), actor=MANAGER)
    assert isinstance(event, PriceSet)
    return event


def retire(price: PriceSet, days: int = 1) -> RetirePrice:
    return RetirePrice(price_version_id=price.price_version_id, effective_to=NOW + timedelta(days=days))


def amount_at(world: Scenario, at: datetime = NOW, **where: Any) -> int | None:
    found = world.state("price", "svc_peel").resolve(at, **where)
    return found and found.amount_paise


def test_a_price_takes_its_tax_rate_from_the_service() -> None:
    event = given_price(an_organisation(), level="branch", visit_type="new")
    assert (event.gst_bps, event.scope_key, event.visit_type) == (1800, "branch:brn_south", "new")
    assert (event.effective_from, event.effective_to, event.closes_version_id) == (NOW, None, None)


def test_a_new_price_ends_the_open_one_of_its_scope() -> None:
    world = an_organisation()
    old = given_price(world, 80_000)
    assert given_price(world, 90_000, days=10).closes_version_id == old.price_version_id
    change = NOW + timedelta(days=10)
    assert amount_at(world, change - timedelta(microseconds=1)) == 80_000
    assert amount_at(world, change) == 90_000
    assert amount_at(world, NOW - timedelta(seconds=1)) is None


def test_the_narrowest_scope_wins_and_a_visit_type_before_none() -> None:
    world = an_organisation()
    for amount, level in enumerate(LEVELS, start=1):
        given_price(world, amount, level)
        assert amount_at(world, **HERE) == amount
    given_price(world, 100, "practitioner_branch", visit_type="tele")
    assert amount_at(world, **HERE, visit_type="tele") == 100
    assert amount_at(world, **HERE, visit_type="new") == 5
    assert amount_at(world, branch_id="brn_north", practitioner_id="prac_rao") == 4
    assert amount_at(world, branch_id="brn_south", city_id="cty_bengaluru") == 3
    assert amount_at(world, branch_id="brn_north", city_id="cty_bengaluru") == 2
    assert amount_at(world) == 1


def test_a_visit_type_of_a_broader_scope_does_not_beat_a_narrower_scope() -> None:
    world = an_organisation()
    given_price(world, 1, "tenant", visit_type="new")
    given_price(world, 2, "branch")
    assert amount_at(world, branch_id="brn_south", visit_type="new") == 2


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"service_id": "svc_none"}, "NOT_FOUND"),
        ({"effective_from": NOW - timedelta(microseconds=1)}, "BACKDATED_CHANGE"),
        ({"effective_to": NOW}, "VALIDATION_FAILED"),
        ({"scope": PriceScope(level="tenant", city_id="cty_pune")}, "VALIDATION_FAILED"),
        ({"scope": PriceScope(level="practitioner_branch", practitioner_id="prac_rao")}, "VALIDATION_FAILED"),
        ({"scope": PriceScope(level="branch", branch_id="brn_none")}, "NOT_FOUND"),
        ({"scope": PriceScope(level="practitioner", practitioner_id="prac_none")}, "NOT_FOUND"),
    ],
)
def test_a_price_is_refused(changes: dict[str, Any], code: str) -> None:
    assert refused(an_organisation(), set_price(**changes), MANAGER).code == code


def test_prices_of_one_scope_do_not_overlap() -> None:
    world = an_organisation()
    given_price(world, days=10, effective_to=NOW + timedelta(days=20))
    for days, to in ((0, None), (0, 11), (10, 15), (15, None), (19, 30)):
        end = to and NOW + timedelta(days=to)
        assert refused(world, set_price(days=days, effective_to=end), MANAGER).code == "PRICE_OVERLAP"
    given_price(world, days=20)
    given_price(world, days=0, effective_to=NOW + timedelta(days=10))
    given_price(world, days=15, visit_type="tele")
    given_price(world, days=15, level="city")
    assert refused(world, set_price(days=20), MANAGER).code == "PRICE_OVERLAP"


def test_a_price_is_retired_where_a_broader_one_remains() -> None:
    world = an_organisation()
    tenant, branch = given_price(world, 80_000), given_price(world, 90_000, "branch")
    end = NOW + timedelta(days=1)
    assert world.when(retire(branch), actor=MANAGER) == [
        PriceRetired(price_version_id=branch.price_version_id, effective_to=end)
    ]
    assert amount_at(world, end - timedelta(seconds=1), branch_id="brn_south") == 90_000
    assert amount_at(world, end, branch_id="brn_south") == 80_000
    assert refused(world, retire(tenant), MANAGER).code == "PRICE_NOT_FOUND"


def test_a_branch_falls_back_on_the_city_that_it_will_be_in() -> None:
    world = an_organisation()
    moving = BranchUpdated(city_id="cty_pune", effective_on=(NOW + timedelta(days=5)).date())
    world.given("branch", "brn_south", moving)
    given_price(world, 80_000, "city")
    branch = given_price(world, 90_000, "branch")
    assert refused(world, retire(branch, 5), MANAGER).code == "PRICE_NOT_FOUND"
    world.when(retire(branch, 4), actor=MANAGER)


@pytest.mark.parametrize(
    ("days", "code"), [(-1, "BACKDATED_CHANGE"), (4, "VALIDATION_FAILED"), (20, "VALIDATION_FAILED")]
)
def test_a_price_is_retired_within_its_time(days: int, code: str) -> None:
    world = an_organisation()
    given_price(world)
    branch = given_price(world, 1, "branch", days=5, effective_to=NOW + timedelta(days=20))
    assert refused(world, retire(branch, days), MANAGER).code == code


def test_a_price_that_nobody_set_is_not_retired() -> None:
    command = RetirePrice(price_version_id="prc_none", effective_to=NOW)
    assert refused(an_organisation(), command, MANAGER).code == "PRICE_NOT_FOUND"


def test_a_price_retired_before_it_began_leaves_its_place_free() -> None:
    world = an_organisation()
    given_price(world)
    branch = given_price(world, 1, "branch", days=5)
    world.when(retire(branch, 5), actor=MANAGER)
    given_price(world, 2, "branch", days=5)
    assert amount_at(world, NOW + timedelta(days=5), branch_id="brn_south") == 2


wishes = st.tuples(
    st.integers(0, 12),
    st.one_of(st.none(), st.integers(1, 6)),
    st.sampled_from(["tenant", "branch"]),
    st.sampled_from([None, "new"]),
    st.booleans(),
)


@settings(max_examples=80, deadline=None)
@given(st.lists(wishes, max_size=12))
def test_at_every_instant_an_exact_scope_has_at_most_one_price(
    plan: list[tuple[int, int | None, str, Any, bool]],
) -> None:
    """Property: whatever is set and retired, no two versions of one scope and visit type hold together."""
    world = an_organisation()
    for start, length, level, visit_type, retires in plan:
        end = NOW + timedelta(days=start + length) if length else None
        try:
            price = given_price(world, start, level, start, visit_type=visit_type, effective_to=end)
            if retires:
                world.when(retire(price, start + 1), actor=MANAGER)
        except Refused as refusal:
            assert refusal.code in ("PRICE_OVERLAP", "PRICE_NOT_FOUND", "VALIDATION_FAILED")
    state = world.state("price", "svc_peel")
    for line in state.lines.values():
        for day in range(20):
            assert sum(version.covers(NOW + timedelta(days=day)) for version in line) <= 1
