"""The folds that decide and the SQL that reports agree on random histories (DESIGN §5, proof 2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

import duckdb
import pytest

from event_store.aggregates.payment.state import State as Payment
from mymedic.messages import Event
from tests.integration.warehouse.clinic import SINCE, Clinic
from tests.integration.warehouse.rig import EventLog
from tests.integration.warehouse.shard import build_together
from tests.property.care_histories import care_history
from tests.property.hospital_histories import KeptWorld, WardHistory, claim_histories, ward_histories
from tests.property.money.payment_steps import Steps
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


# Columns of proj_claim_worklist, named like the attributes of the claim's state; its status is its `state` there.
CLAIM_FIGURES = (
    "status",
    "branch_id",
    "admission_id",
    "invoice_id",
    "preauth_ref",
    "requested_paise",
    "preauth_paise",
    "claimed_paise",
    "copay_paise",
    "approved_paise",
    "disallowed_paise",
    "under_adjudication_paise",
    "settled_gross_paise",
    "query_due_at",
    "treatment",
)
# column of proj_followups -> attribute of the follow-up's state
FOLLOWUP_FIGURES = {
    "status": "status",
    "due_on": "counted_on",
    "due_from": "counted_from",
    "due_to": "counted_to",
    "present_due_on": "due_on",
    "present_due_to": "due_to",
    "lapse_on": "lapse_on",
    "appointment_id": "appointment_id",
    "completed_on": "completed_on",
    "completed_encounter_id": "completed_by",
}
# column of proj_service_requests -> attribute of the service request's state
ADVICE_FIGURES = {
    "status": "status",
    "service_id": "service_id",
    "appointment_id": "appointment_id",
    "performed_encounter_id": "performed_encounter_id",
}
Claims = dict[str, EventLog]


class History(NamedTuple):
    """What happened, and the payments as they were folded."""

    log: list[tuple[str, str, Event]]
    payments: dict[str, Payment]


def histories() -> list[History]:
    """Of many histories those whose payments ended in the most states, the same ones every time."""
    world = KeptWorld(till.a_booking_desk(), a_world().invoices)
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


@pytest.fixture(scope="module")
def claims() -> Claims:
    return claim_histories()


@pytest.fixture(scope="module")
def wards() -> dict[str, WardHistory]:
    return ward_histories()


@pytest.fixture(scope="module")
def care() -> EventLog:
    return care_history()


# One build serves them all.
@pytest.fixture(scope="module")
def warehouse(
    chosen: dict[str, History], claims: Claims, wards: dict[str, WardHistory], care: EventLog
) -> Iterator[duckdb.DuckDBPyConnection]:
    logs = [log_of(history, tenant_id) for tenant_id, history in chosen.items()]
    logs.append(care)
    logs += list(claims.values()) + [ward.log for ward in wards.values()]
    connection = build_together(logs)
    yield connection
    connection.close()


def test_projection_and_state_agree_on_every_payment(
    warehouse: duckdb.DuckDBPyConnection, chosen: dict[str, History]
) -> None:
    columns = ", ".join(FIGURES)
    query = f"select tenant_id, payment_id, {columns}, refund_requested_paise from proj_payments_summary"
    found = [row for row in warehouse.execute(query).fetchall() if row[0] in chosen]
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


def test_projection_and_state_agree_on_every_claim(warehouse: duckdb.DuckDBPyConnection, claims: Claims) -> None:
    columns = ", ".join(("state", *CLAIM_FIGURES[1:]))
    query = f"select tenant_id, claim_id, {columns} from proj_claim_worklist"
    found = {(tenant_id, claim_id): figures for tenant_id, claim_id, *figures in warehouse.execute(query).fetchall()}
    states = {
        (tenant_id, id): [getattr(claim, name) for name in CLAIM_FIGURES]
        for tenant_id, log in claims.items()
        for id, claim in log.states("claim").items()
    }
    assert len({figures[0] for figures in states.values()}) >= 15, "the histories must reach most states"
    assert found == states


def test_the_census_counts_who_lay_in_a_bed_at_midnight(
    warehouse: duckdb.DuckDBPyConnection, wards: dict[str, WardHistory]
) -> None:
    query = "select tenant_id, admission_id, census_on, bed_id from fct_bed_day where occupied_n = 1"
    found = {(tenant_id, (admission, on)): bed for tenant_id, admission, on, bed in warehouse.execute(query).fetchall()}
    nights = {(tenant_id, night): bed for tenant_id, ward in wards.items() for night, bed in ward.nights.items()}
    assert len(nights) >= 20
    assert found == nights


@pytest.mark.parametrize(
    ("aggregate", "model", "key", "figures", "most"),
    [
        ("followup", "proj_followups", "followup_id", FOLLOWUP_FIGURES, 7),
        ("service_request", "proj_service_requests", "service_request_id", ADVICE_FIGURES, 6),
    ],
)
def test_projection_and_state_agree_on_all_that_was_asked_for(
    warehouse: duckdb.DuckDBPyConnection,
    care: EventLog,
    aggregate: str,
    model: str,
    key: str,
    figures: dict[str, str],
    most: int,
) -> None:
    query = f"select {key}, {', '.join(figures)} from {model} where tenant_id = ?"
    found = {id: values for id, *values in warehouse.execute(query, [care.tenant_id]).fetchall()}
    states = {id: [getattr(state, name) for name in figures.values()] for id, state in care.states(aggregate).items()}
    assert len({values[0] for values in states.values()}) == most, "the lives must reach every state"
    assert found == states
