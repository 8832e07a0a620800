"""Token buckets by a clock that the test moves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from event_store.api.identity import Bearer
from event_store.api.limits import MOST_BUCKETS, Buckets, Rate, RateLimits
from mymedic.clock import ManualClock
from mymedic.errors import Refused
from mymedic.messages import Actor
from tests.unit.event_store.clinic import ist


def bearer(tenant_id: str = "ten_a", id: str = "stf_1") -> Bearer:
    return Bearer(tenant_id, Actor(type="user", id=id, roles=("FD",)))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(ist(2, "10:00"))


def limits(clock: ManualClock) -> RateLimits:
    return RateLimits(Rate(10, 20), Rate(5, 8), clock)


def refused(limits: RateLimits, who: Bearer, count: int = 1) -> int:
    """The seconds to wait."""
    with pytest.raises(Refused) as refusal:
        limits.charge(who, count)
    assert (refusal.value.code, refusal.value.retryable) == ("RATE_LIMITED", True)
    return int(refusal.value.details["retry_after_s"])


def test_a_burst_passes_and_then_the_rate_counts(clock: ManualClock) -> None:
    ours = limits(clock)
    ours.charge(bearer(), 8)
    assert refused(ours, bearer()) == 1
    clock.move_to(clock.at + timedelta(milliseconds=199))
    refused(ours, bearer())
    clock.move_to(clock.at + timedelta(milliseconds=1))
    ours.charge(bearer())
    refused(ours, bearer())


def test_the_wait_is_as_long_as_what_is_asked_for(clock: ManualClock) -> None:
    ours = limits(clock)
    ours.charge(bearer(), 8)
    assert refused(ours, bearer(), 8) == 2
    clock.move_to(clock.at + timedelta(seconds=2))
    ours.charge(bearer(), 8)


def test_a_tenant_is_all_its_callers_and_no_others(clock: ManualClock) -> None:
    ours = limits(clock)
    for caller in ("stf_1", "stf_2"):
        ours.charge(bearer(id=caller), 8)
    ours.charge(bearer(id="stf_3"), 4)
    refused(ours, bearer(id="stf_3"))
    ours.charge(bearer("ten_b"), 8)


def test_more_than_ever_fits_waits_for_a_full_bucket(clock: ManualClock) -> None:
    ours = limits(clock)
    ours.charge(bearer(), 1_000)
    refused(ours, bearer())


def test_who_is_not_heard_of_is_forgotten(clock: ManualClock) -> None:
    buckets = Buckets(Rate(1, 1), clock)
    for number in range(MOST_BUCKETS + 10):
        assert buckets.wait(number, 1) == 0
    assert len(buckets) == MOST_BUCKETS
    assert buckets.wait(MOST_BUCKETS, 1) > 0 and buckets.wait(0, 1) == 0


def test_a_clock_that_goes_back_gives_nothing(clock: ManualClock) -> None:
    buckets = Buckets(Rate(1, 1), clock)
    assert buckets.wait("a", 1) == 0
    clock.at -= timedelta(hours=1)
    assert buckets.wait("a", 1) == 1
