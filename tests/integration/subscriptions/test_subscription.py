"""At least once, in order; what fails for good waits with its stream, what cannot go now waits as a whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import timedelta

import psycopg
import pytest
from msgspec.structs import replace

from event_store.ledger.consuming import checkpoints
from event_store.recorded import Recorded
from event_store.subscriptions.parking import LedgerParking, ParkingLog
from event_store.subscriptions.standing import standings
from mymedic.errors import Refused
from tests.integration.ledger.conftest import Bench
from tests.integration.ledger.people import ENGINEER, TENANT, accepted, petty, register_tenant, submit
from tests.integration.subscriptions.conftest import Target, subscription

ALL = list(range(1, 11))


def seqs(target: Target) -> list[int]:
    return [seq for _, seq in target.taken]


def test_every_event_once_and_in_order(bench: Bench, drawers: list[str]) -> None:
    register_tenant(bench.store, "ten_other")
    target = Target()
    subscription(bench, target).drain()
    assert [seq for tenant, seq in target.taken if tenant == TENANT] == ALL
    assert [seq for tenant, seq in target.taken if tenant == "ten_other"] == [1, 2]
    subscription(bench, target).drain()
    assert len(target.taken) == 12, "an idle drain takes nothing"
    accepted(submit(bench.store, petty(drawers[0].removeprefix("cash-")), "cmd_more"))
    subscription(bench, target).drain()
    assert target.taken[12:] == [(TENANT, 11)]


def test_an_idle_round_writes_nothing(bench: Bench, drawers: list[str]) -> None:
    following = subscription(bench, Target())
    following.drain()
    before = bench.sql("SELECT tenant_id, consumer, holder, until, epoch FROM lease ORDER BY 1, 2")
    assert following.round() is False
    assert bench.sql("SELECT tenant_id, consumer, holder, until, epoch FROM lease ORDER BY 1, 2") == before


def test_who_dies_between_handing_over_and_noting_hands_over_again(bench: Bench, drawers: list[str]) -> None:
    for dies_after in range(10):
        target = Target(name=f"target_{dies_after}", dies_after=dies_after)
        with pytest.raises(KeyboardInterrupt):
            subscription(bench, target).drain()
        target.dies_after = None
        subscription(bench, target).drain()
        assert list(dict.fromkeys(seqs(target))) == ALL


def test_a_target_that_is_away_holds_up_its_tenant_and_is_asked_ever_more_seldom(
    bench: Bench, drawers: list[str]
) -> None:
    target = Target(is_away=True)
    following = subscription(bench, target)
    waits = []
    for _ in range(10):
        assert following.round() is False
        due = following.back_off.next_due()
        assert due is not None
        waits.append((due - bench.clock.now()).total_seconds())
        bench.clock.at = due
    assert waits == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30]
    target.is_away = False
    while following.round():
        pass
    assert seqs(target) == ALL and following.back_off.next_due() is None


def test_a_poison_event_parks_its_stream_and_no_other(
    bench: Bench, drawers: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    target = Target(poison={5})
    following = subscription(bench, target)
    following.drain()
    assert seqs(target) == [1, 2, 3, 4, 6, 8, 10], "what comes behind it in its stream waits"
    assert "parked cash-" in caplog.text and "it tastes bad" in caplog.text
    parking = LedgerParking(bench.store.ledger, bench.clock)
    (waiting,) = parking.waiting()
    assert (waiting.stream_id, waiting.first_seq, waiting.attempts) == (drawers[0], 5, 1)
    (standing,) = standings(bench.store.ledger, bench.clock)
    assert (standing.consumer, standing.events, standing.seconds, standing.parked) == ("target", 0, 0.0, 1)

    parking.decide(waiting, "retry", ENGINEER, "the target was mended")
    following.drain()
    (waiting,) = parking.waiting()
    assert (waiting.first_seq, waiting.attempts, waiting.state) == (5, 2, "parked")

    target.poison.clear()
    parking.decide(waiting, "retry", ENGINEER, "now it is")
    following.drain()
    assert seqs(target)[7:] == [5, 7, 9] and parking.waiting() == []
    noted = ParkingLog(bench.store.ledger, bench.clock).of(TENANT)
    assert [(one.step, one.actor_id) for one in noted] == [
        ("parked", "system:worker"),
        ("retry", "stf_engineer"),
        ("parked", "system:worker"),
        ("retry", "stf_engineer"),
        ("resumed", "system:worker"),
    ]
    assert noted[3].reason == "now it is" and noted[3].at == bench.clock.now()


def test_a_discarded_event_is_left_out_and_the_next_poison_is_parked_in_its_turn(
    bench: Bench, drawers: list[str]
) -> None:
    target = Target(poison={5, 9})
    following = subscription(bench, target)
    following.drain()
    parking = LedgerParking(bench.store.ledger, bench.clock)
    parking.decide(parking.waiting()[0], "discard", ENGINEER, "a test of the till")
    following.drain()
    (waiting,) = parking.waiting()
    assert seqs(target) == [1, 2, 3, 4, 6, 8, 10, 7] and (waiting.first_seq, waiting.attempts) == (9, 1)
    with pytest.raises(Refused) as refusal:
        parking.decide(replace(waiting, first_seq=5), "retry", ENGINEER, "as I saw it an hour ago")
    assert refusal.value.code == "INVALID_STATE"
    parking.decide(waiting, "discard", ENGINEER, "and another")
    following.drain()
    assert parking.waiting() == []
    with pytest.raises(Refused) as refusal:
        parking.decide(waiting, "retry", ENGINEER, "too late")
    assert refusal.value.code == "NOT_FOUND"


def test_what_was_decided_cannot_be_changed(bench: Bench, drawers: list[str]) -> None:
    subscription(bench, Target(poison={5})).drain()
    for statement in ("UPDATE parking_log SET actor_id = 'nobody'", "DELETE FROM parking_log"):
        with pytest.raises((sqlite3.IntegrityError, psycopg.errors.RaiseException), match="append-only"):
            bench.sql(statement)


def test_a_body_that_cannot_be_read_is_parked_like_any_poison(bench: Bench, drawers: list[str]) -> None:
    if bench.url.startswith("sqlite"):
        bench.sql("DROP TRIGGER event_no_update")
    else:
        bench.sql("ALTER TABLE event DISABLE TRIGGER event_no_change")
    bench.sql("UPDATE event SET payload = '{' WHERE seq = 6 AND tenant_id = ?", TENANT)
    target = Target()
    subscription(bench, target).drain()
    assert seqs(target) == [1, 2, 3, 4, 5, 7, 9]
    assert LedgerParking(bench.store.ledger, bench.clock).waiting()[0].error.startswith("DecodeError")


def test_who_has_lost_its_lease_commits_nothing(bench: Bench, drawers: list[str]) -> None:
    """It hangs while it delivers; another takes over, and delivers too."""
    slow, quick = Target(), Target()
    other = subscription(bench, quick, "two")

    def overtaken(tenant_id: str, events: Sequence[Recorded]) -> dict[int, str]:
        bench.clock.at += timedelta(seconds=6)
        other.drain()
        return {}

    slow.deliver = overtaken  # type: ignore[method-assign]
    with pytest.raises(Refused) as refusal:
        subscription(bench, slow).drain()
    assert refusal.value.code == "VERSION_CONFLICT"
    assert seqs(quick) == ALL
    with bench.store.ledger.read() as reads:
        assert checkpoints(reads) == {(TENANT, "target"): 10}


def test_lag_is_told_in_events_and_in_seconds(bench: Bench, drawers: list[str]) -> None:
    target = Target()
    following = subscription(bench, target)
    assert following.round()
    bench.clock.at += timedelta(seconds=90)
    (standing,) = standings(bench.store.ledger, bench.clock)
    assert (standing.tenant_id, standing.events, standing.seconds) == (TENANT, 6, 90.0)


def test_a_ledger_from_before_is_brought_up_to_date(bench: Bench, drawers: list[str]) -> None:
    for table in ("lease", "parked", "parking_log", "webhook_endpoint"):
        bench.sql(f"DROP TABLE {table}")
    if bench.url.startswith("postgres"):
        bench.sql("DROP FUNCTION refuse_parking_log_change")
    bench.sql("UPDATE ledger_version SET version_num = '0003'")
    target, store = Target(), bench.again()
    subscription(bench, target, store=store).drain()
    assert seqs(target) == ALL
    store.close()


def test_a_bug_in_a_consumer_skips_nothing(bench: Bench, drawers: list[str], caplog: pytest.LogCaptureFixture) -> None:
    target = Target()
    deliver = target.deliver
    target.deliver = lambda *_: {}["a bug"]  # type: ignore[method-assign]
    following = subscription(bench, target)
    assert following.round() is False and "it is tried again" in caplog.text
    target.deliver = deliver  # type: ignore[method-assign]
    following.drain()
    assert seqs(target) == ALL
