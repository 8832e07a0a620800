"""Whoever follows the log is woken by a commit, of this process or of another; and looks by himself when it is not."""

from __future__ import annotations

import threading

from event_store.subscriptions.hints import Hints
from event_store.subscriptions.worker import running
from tests.integration.ledger.conftest import Bench
from tests.integration.ledger.people import accepted, open_drawer, register_tenant, submit
from tests.integration.subscriptions.conftest import Target, subscription


def test_a_bell_that_rang_while_nobody_waited_is_not_lost() -> None:
    hints = Hints()
    with hints.bell() as bell:
        hints.ring()
        assert bell.wait(0) is True
        assert bell.wait(0) is False, "and it rings once"
    hints.ring()
    assert bell.wait(0) is False, "nobody listens to it any more"


def test_a_commit_rings_here_and_in_other_processes(bench: Bench) -> None:
    register_tenant(bench.store)
    other = bench.again()
    with (
        bench.store.handler.hints.bell() as here,
        bench.store.handler.hints.across_processes(bench.store.ledger),
        other.handler.hints.across_processes(other.ledger),
        other.handler.hints.bell() as there,
    ):
        for number in range(200):  # until the listeners stand
            here.wait(0)
            accepted(submit(bench.store, open_drawer(f"drw_{number}"), f"cmd_{number}"))
            assert here.wait(0), "at once"
            if there.wait(0.05):
                break
        else:
            raise AssertionError("the other process heard nothing")
        there.wait(0.1)
        accepted(submit(bench.store, open_drawer("drw_last"), "cmd_last"))
        assert there.wait(5)
    other.close()


def test_a_worker_is_woken_by_a_commit_and_leaves_its_tenants_when_it_stops(bench: Bench) -> None:
    register_tenant(bench.store)
    target, arrived = Target(), threading.Event()
    deliver = target.deliver
    target.deliver = lambda *given: (deliver(*given), arrived.set())[0]  # type: ignore[method-assign]
    following = subscription(bench, target)
    with running("target", bench.store.handler.hints, following.round, following.leave):
        assert arrived.wait(5)
        arrived.clear()
        accepted(submit(bench.store, open_drawer(), "cmd_open"))
        assert arrived.wait(5)
    assert bench.sql("SELECT tenant_id, until FROM lease") == [("ten_test", 0)]


def test_a_round_that_throws_is_tried_again(bench: Bench) -> None:
    rounds = threading.Semaphore(0)

    def throwing() -> bool:
        rounds.release()
        raise ValueError("a bug")

    hints = Hints()
    with running("throwing", hints, throwing, lambda: None):
        assert rounds.acquire(timeout=5) and rounds.acquire(timeout=5)
