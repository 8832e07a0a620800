"""The fold that decides and the SQL that reports agree on every appointment (DESIGN §5, proof 2)."""

from __future__ import annotations

import duckdb

from tests.integration.warehouse.clinic import Clinic

# One warehouse for all of these.
# column of proj_appointments -> attribute of the appointment's state
FIGURES = {
    "status": "status",
    "is_hold_expired": "is_hold_expired",
    "slot_id": "slot_id",
    "branch_id": "branch_id",
    "specialty_id": "specialty_id",
    "start_at": "start_at",
    "price_quoted_paise": "price_quoted_paise",
    "deposit_required_paise": "deposit_required_paise",
}


def test_projection_and_state_agree_on_every_appointment(warehouse: duckdb.DuckDBPyConnection, month: Clinic) -> None:
    found = warehouse.execute(f"select appointment_id, {', '.join(FIGURES)} from proj_appointments").fetchall()
    states = month.states("appointment")
    assert {row[0] for row in found} == set(states)
    for appointment_id, *figures in found:
        assert figures == [getattr(states[appointment_id], name) for name in FIGURES.values()], appointment_id
