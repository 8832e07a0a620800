"""The fold that decides and the SQL that reports agree on every payment of random histories (DESIGN §5, proof 2)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.warehouse.clinic import SINCE, Clinic
from tests.integration.warehouse.rig import EventLog, build_warehouse
from tests.property.test_payment_money import Money

HISTORIES = 16
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


def histories() -> list[Any]:
    """Worlds that the money machine has walked through, the same ones every time."""
    worlds: list[Any] = []

    class Kept(Money):
        def teardown(self) -> None:
            if hasattr(self, "world"):
                worlds.append(self.world)

    run_state_machine_as_test(
        Kept,
        settings=settings(
            max_examples=4 * HISTORIES,
            stateful_step_count=60,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
        ),
    )
    return sorted(worlds, key=lambda world: (-len(_states(world)), -len(world.log)))[:HISTORIES]


def _states(world: Any) -> set[str]:
    """The states in which its payments ended."""
    return {state.status for (aggregate, _), state in world.states.items() if aggregate == "payment"}


def log_of(world: Any, tenant_id: str) -> EventLog:
    """The world's events as a tenant's log, a second apart."""
    log = Clinic(tenant_id)
    for number, (aggregate, id, event) in enumerate(world.log):
        if aggregate in ("payment", "cash_session", "invoice"):
            log.add(aggregate, id, event, SINCE + timedelta(seconds=number))
    return log


@pytest.fixture(scope="module")
def worlds() -> dict[str, Any]:
    return {f"ten_{number:02d}": world for number, world in enumerate(histories())}


def test_projection_and_state_agree_on_every_payment(worlds: dict[str, Any]) -> None:
    events = [event for tenant_id, world in worlds.items() for event in log_of(world, tenant_id).events]
    connection = build_warehouse(events)
    found = connection.execute(
        f"select tenant_id, payment_id, {', '.join(FIGURES)}, refund_requested_paise from proj_payments_summary"
    ).fetchall()
    connection.close()
    states = {
        (tenant_id, id): state
        for tenant_id, world in worlds.items()
        for (aggregate, id), state in world.states.items()
        if aggregate == "payment" and state.exists
    }
    assert {row[:2] for row in found} == set(states)
    assert len({row[2] for row in found}) >= 5, "the histories must reach most states"
    for tenant_id, payment_id, *figures in found:
        state = states[tenant_id, payment_id]
        wanted = [getattr(state, name) for name in FIGURES.values()]
        wanted.append(state.refunded_or_reserved_paise - state.refunded_paise)
        assert figures == wanted, (tenant_id, payment_id)
