"""Workers share the tenants; who dies is replaced within seconds; who comes back late may not commit."""

from __future__ import annotations

from datetime import timedelta

import pytest

from event_store.subscriptions.leases import Lease, Leases, fence
from mymedic.errors import Refused
from tests.integration.ledger.conftest import Bench

TENANTS = [f"ten_{letter}" for letter in "abcde"]


def worker(bench: Bench, name: str) -> Leases:
    return Leases(bench.store.ledger, name, bench.clock, ttl_seconds=5)


def held(leases: list[Lease]) -> list[str]:
    return [lease.tenant_id for lease in leases]


def epochs(leases: list[Lease]) -> list[int]:
    return [lease.epoch for lease in leases]


def test_a_lease_is_for_one_and_every_new_holder_has_a_higher_epoch(bench: Bench) -> None:
    one, two = worker(bench, "one"), worker(bench, "two")
    assert epochs(one.share("live", ["ten_a"])) == [1]
    assert two.share("live", ["ten_a"]) == []
    bench.clock.at += timedelta(seconds=4)
    assert epochs(one.share("live", ["ten_a"])) == [1]
    bench.clock.at += timedelta(seconds=4)
    assert two.share("live", ["ten_a"]) == [], "it was renewed"
    bench.clock.at += timedelta(seconds=2)
    assert epochs(two.share("live", ["ten_a"])) == [2]
    assert one.share("live", ["ten_a"]) == []
    two.leave("live")
    assert epochs(one.share("live", ["ten_a"])) == [3]


def test_a_batch_under_an_older_epoch_is_refused(bench: Bench) -> None:
    one, two = worker(bench, "one"), worker(bench, "two")
    (first,) = one.share("live", ["ten_a"])
    with bench.store.ledger.write() as session:
        fence(session, first)
    bench.clock.at += timedelta(seconds=6)
    with bench.store.ledger.write() as session:
        fence(session, first)  # late, but nobody has taken over
    assert epochs(two.share("live", ["ten_a"])) == [2]
    with pytest.raises(Refused) as refusal, bench.store.ledger.write() as session:
        fence(session, first)
    assert (refusal.value.code, refusal.value.details) == ("VERSION_CONFLICT", {"epoch": 1})


def test_workers_share_fairly_and_take_over_from_the_dead(bench: Bench) -> None:
    one, two = worker(bench, "one"), worker(bench, "two")
    assert held(one.share("live", TENANTS)) == TENANTS, "alone, it has them all"
    assert held(two.share("live", TENANTS)) == [], "but the other one is there now"
    assert held(one.share("live", TENANTS)) == TENANTS[:3]
    assert held(two.share("live", TENANTS)) == TENANTS[3:]
    assert held(one.share("bus", TENANTS)) == TENANTS, "another consumer is another matter"
    bench.clock.at += timedelta(seconds=4)
    assert held(two.share("live", TENANTS)) == TENANTS[3:]
    bench.clock.at += timedelta(seconds=1.5)  # nobody has heard of the first for longer than a lease lasts
    assert held(two.share("live", TENANTS)) == TENANTS
    assert held(one.share("live", TENANTS)) == [], "it was only asleep"
    assert held(two.share("live", TENANTS)) == TENANTS[:3]
    two.leave("live")
    assert held(one.share("live", TENANTS)) == TENANTS, "who leaves, leaves at once"


def test_nobody_writes_while_nothing_changes(bench: Bench) -> None:
    one = worker(bench, "one")
    first = one.share("live", TENANTS)
    bench.clock.at += timedelta(seconds=1)
    assert one.share("live", TENANTS) == first
    bench.clock.at += timedelta(seconds=2)
    assert [lease.until for lease in one.share("live", TENANTS)] == [lease.until + 3_000_000 for lease in first]


def test_the_rows_of_dead_workers_go(bench: Bench) -> None:
    for name in ("one", "two", "three"):
        worker(bench, name).share("live", TENANTS)
        bench.clock.at += timedelta(minutes=5)
    assert bench.sql("SELECT holder FROM lease WHERE tenant_id = '*'") == [("three",)]
