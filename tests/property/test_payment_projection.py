"""The fold that decides and the SQL that reports agree on every payment of random histories (DESIGN §5, proof 2)."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

import pytest

from event_store.aggregates.payment.state import State as Payment
from mymedic.messages import Event
from tests.integration.warehouse.clinic import SINCE, Clinic
from tests.integration.warehouse.rig import EventLog, build_warehouse
from tests.property.money.payment_steps import Steps
from tests.property.money.world import World
from tests.property.test_payment_money import a_world
from tests.unit.event_store.payment import till

HISTORIES, TRIED, LENGTH = 16, 400, 16
# column of proj_payments_summary -> attribute of the payment's state
FIGURES = {
    "state": "status",
    "captured_paise": "captured_paise",
    "allocated_paise": "allocated_paise",
    "forfeited_paise": "forfeited_paise",
    "refunded_paise": "refunded_paise",
    "reversed_paise": "reversed_paise",
    "dispute_open_paise": "open_dispute_paise",
    "dispute_lost_paise": "dispute_lost_covered_paise",
    "available_paise": "available_paise",
    "gateway_payment_id": "gateway_payment_id",
    "rrn": "rrn",
    "is_late_capture": "late_capture",
}


class Kept(World):
    """A world that keeps what was given to it."""

    def begin(self) -> None:
        super().begin()
        self.log: list[tuple[str, str, Event]] = [("invoice", *one) for one in self.invoices.items()]
        self.log += [("cash_session", "cash_1", event) for event in self._cash_events]

    def give(self, aggregate: str, id: str, event: Event) -> None:
        self.log.append((aggregate, id, event))
        super().give(aggregate, id, event)


class History(NamedTuple):
    """What happened, and the payments as they were folded."""

    log: list[tuple[str, str, Event]]
    payments: dict[str, Payment]


def histories() -> list[History]:
    """Of many histories those whose payments ended in the most states, the same ones every time."""
    world = Kept(till.a_booking_desk(), a_world().invoices)
    steps = Steps(world, seed=7)
    found = []
    for _ in range(TRIED):
        steps.history(LENGTH)
        found.append(History(world.log, world.payments))
    return sorted(found, key=lambda one: (-len(_statuses(one)), -len(one.log)))[:HISTORIES]


def _statuses(history: History) -> set[str]:
    return {payment.status for payment in history.payments.values()}


def log_of(history: History, tenant_id: str) -> EventLog:
    """The events as a tenant's log, a second apart."""
    log = Clinic(tenant_id)
    for number, (aggregate, id, event) in enumerate(history.log):
        if aggregate in ("payment", "cash_session", "invoice"):
            log.add(aggregate, id, event, SINCE + timedelta(seconds=number))
    return log


@pytest.fixture(scope="module")
def chosen() -> dict[str, History]:
    return {f"ten_{number:02d}": history for number, history in enumerate(histories())}


def test_projection_and_state_agree_on_every_payment(chosen: dict[str, History]) -> None:
    events = [event for tenant_id, history in chosen.items() for event in log_of(history, tenant_id).events]
    connection = build_warehouse(events)
    found = connection.execute(
        f"select tenant_id, payment_id, {', '.join(FIGURES)}, refund_requested_paise from proj_payments_summary"
    ).fetchall()
    connection.close()
    states = {
        (tenant_id, id): payment for tenant_id, history in chosen.items() for id, payment in history.payments.items()
    }
    assert {row[:2] for row in found} == set(states)
    assert len({row[2] for row in found}) >= 5, "the histories must reach most states"
    for tenant_id, payment_id, *figures in found:
        state = states[tenant_id, payment_id]
        wanted = [getattr(state, name) for name in FIGURES.values()]
        wanted.append(state.refunded_or_reserved_paise - state.refunded_paise)
        assert figures == wanted, (tenant_id, payment_id)
