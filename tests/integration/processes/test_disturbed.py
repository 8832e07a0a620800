"""However often a drain is cut, repeated, crashed or begun anew: the log, the timers and the guards are the same."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from event_store.aggregates.appointment.commands import CancelAppointment
from event_store.rebuild import guard_differences
from processes.runner import Runner
from processes.world import CONSUMER, World
from tests.chain import BALA, Chain, opened
from tests.founding import founded
from tests.integration.processes.test_once import Crash, timers
from tests.unit.event_store.clinic import PATIENT, ist

TENANT = "ten_test"


class Step(NamedTuple):
    """One life of a worker: it answers `limit` events at a time and dies at its `dies_at`-th command, if it comes so
    far. Before it begins, the checkpoint is `back` events where it was: as after a restored copy of that row alone.
    """

    limit: int
    dies_at: int
    back: int


STEPS = st.lists(st.builds(Step, st.integers(1, 9), st.integers(1, 12), st.integers(0, 12)), max_size=6)


def unanswered(folder: Path) -> None:
    """A log in which much waits for an answer: deposits, a cancellation, a visit, a hold paid too late, a full day."""
    with opened(folder) as (ledger, vault):
        vault.adopt_simulated(TENANT, "disturbed")
        chain = founded(Chain(ledger, vault)).at(2, "10:00")
        with chain.paused():
            for id, day, clock, patient in (("appt_1", 3, "18:00", PATIENT), ("appt_2", 4, "18:15", BALA)):
                chain.book(id, day, clock, patient)
                chain.captured(chain.order(40_000, patient=patient, appointment_id=id), f"gw_{id}")
            chain.hold("appt_3", 5, "18:00")
            chain.captured(chain.order(40_000, appointment_id="appt_3"), "gw_3")
            chain.captured(chain.order(40_000, appointment_id="appt_3", purpose="balance"), "gw_4")
            chain.clock.move_to(ist(3, "18:00"))
            chain.visit("appt_1", "enc_1")
            cancel = CancelAppointment(appointment_id="appt_2", initiator="patient", reason_code="cost")
            chain.ask(cancel, BALA)
            chain.clock.move_to(ist(5, "09:00"))


@contextmanager
def at_work(folder: Path) -> Iterator[Chain]:
    with opened(folder) as (ledger, vault):
        chain = Chain(ledger, vault)
        chain.clock.move_to(ist(5, "09:00"))
        yield chain


def outcome(chain: Chain) -> tuple[Any, ...]:
    """All that a worker may have changed; the tags and guards follow from the log."""
    with chain.store.ledger.read() as reads:
        answers = reads.rows("SELECT command_id, ack FROM command_log WHERE tenant_id = ? ORDER BY 1", (TENANT,))
    return chain.log(), timers(chain), answers


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    unanswered(folder)
    return folder


@pytest.fixture(scope="module")
def undisturbed(template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, ...]:
    folder = tmp_path_factory.mktemp("undisturbed") / "store"
    shutil.copytree(template, folder)
    with at_work(folder) as chain:
        before = chain.head()
        chain.runner.tick(TENANT)
        assert {"PaymentAllocated", "RefundInitiated", "AppointmentBooked", "NotificationRequested"} <= set(
            one.event_type for one in chain.log()[before:]
        )
        return outcome(chain)


def live(chain: Chain, step: Step, patch: pytest.MonkeyPatch) -> None:
    """One life of a worker."""
    with chain.store.handler.batch() as batch:
        done = batch.session.checkpoint(TENANT, CONSUMER)
        batch.session.set_checkpoint(TENANT, CONSUMER, max(0, done - step.back))
    sent = 0
    real = World.send

    def send(self: World, *args: Any, **kwargs: Any) -> Any:
        nonlocal sent
        sent += 1
        if sent == step.dies_at:
            raise Crash
        return real(self, *args, **kwargs)

    patch.setattr(World, "send", send)
    try:
        Runner(chain.store.handler).drain(TENANT, step.limit)
    except Crash:
        pass
    finally:
        patch.setattr(World, "send", real)


@given(steps=STEPS)
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
def test_a_disturbed_worker_leaves_what_an_undisturbed_one_leaves(
    steps: list[Step], template: Path, undisturbed: tuple[Any, ...], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("disturbed") / "store"
    shutil.copytree(template, folder)
    with pytest.MonkeyPatch.context() as patch, at_work(folder) as chain:
        for step in steps:
            live(chain, step, patch)
        chain.runner.tick(TENANT)
        assert outcome(chain) == undisturbed
        assert guard_differences(chain.store.ledger, chain.store.feed, TENANT) == []
    shutil.rmtree(folder)
