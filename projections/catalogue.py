"""The live projections of this program."""

from __future__ import annotations

from projections import (
    bed_board,
    cash_session,
    claim_worklist,
    clinic_calendar,
    doctor_schedule,
    followup_queue,
    patient_timeline,
    payments_summary,
    portal_slots,
    portal_terms,
    price_catalog,
    reconciliation,
)
from projections.projection import Projection
from projections.row import Row

PROJECTIONS: tuple[Projection, ...] = (
    portal_slots.PROJECTION,
    portal_terms.PROJECTION,
    doctor_schedule.PROJECTION,
    clinic_calendar.PROJECTION,
    payments_summary.PROJECTION,
    reconciliation.PROJECTION,
    followup_queue.PROJECTION,
    patient_timeline.PROJECTION,
    bed_board.PROJECTION,
    price_catalog.PROJECTION,
    claim_worklist.PROJECTION,
    cash_session.PROJECTION,
)

BY_NAME: dict[str, Projection] = {one.name: one for one in PROJECTIONS}

ROWS: tuple[type[Row], ...] = tuple(row for one in PROJECTIONS for row in one.rows)
