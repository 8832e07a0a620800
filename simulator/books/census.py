"""Truth of mart_census: every bed at every midnight, and who came and went in the day before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from simulator.books.stays import Bed, Lie
from simulator.calendar import DAY, day_of, local


def census(tenant_id: str, beds: Iterable[Bed], today: date) -> list[dict[str, Any]]:
    return [row for bed in beds for row in _days(tenant_id, bed, today)]


def _days(tenant_id: str, bed: Bed, today: date) -> Iterator[dict[str, Any]]:
    lies = [lie for lie in bed.lies if not lie.stay.is_cancelled]
    on = day_of(bed.said[0][0]) + DAY
    while on <= today:
        midnight = local(on, "00:00")
        lying = next((lie for lie in lies if lie.covers(midnight)), None)
        stay = lying.stay if lying else None
        claim = stay.claim if stay and stay.claim and stay.claim.status != "cancelled" else None
        yield {
            "tenant_id": tenant_id,
            "as_of_date": on,
            "branch_id": bed.branch.id,
            "branch_name": bed.branch.row.name,
            "city_id": bed.branch.city.id,
            "ward": bed.ward,
            "bed_id": bed.id,
            "bed_class": bed.bed_class,
            "status": "occupied" if lying else _said(bed, midnight),
            "admission_id": stay.id if stay else None,
            "his_visit_no": stay.visit_no if stay else None,
            "practitioner_id": stay.practitioner.id if stay else "-1",
            "los_days": (on - day_of(stay.admitted_at)).days if stay and stay.admitted_at else None,
            "payer_id": claim.payer_id if claim else None,
            "claim_state": claim.status if claim else None,
            "occupied_n": int(lying is not None),
            **_flows(lies, midnight - DAY, midnight),
        }
        on += DAY


def _said(bed: Bed, moment: datetime) -> str:
    return [status for at, status in bed.said if at <= moment][-1]


def _flows(lies: list[Lie], after: datetime, until: datetime) -> dict[str, int]:
    came = [lie.begun for lie in lies if after < lie.since <= until]
    went = [lie.ended for lie in lies if lie.until is not None and after < lie.until <= until]
    return {
        "admissions_n": came.count("admission"),
        "discharges_n": went.count("discharge"),
        "transfers_in_n": came.count("transfer"),
        "transfers_out_n": went.count("transfer"),
    }
