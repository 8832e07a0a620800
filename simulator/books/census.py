"""Truth of mart_census: every bed at every midnight, and who came and went or was an outpatient in the day before."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from simulator.books.records import Visit
from simulator.books.stays import Bed, Lie
from simulator.calendar import DAY, day_of, local

OUTPATIENTS = "dep_opd"


def census(tenant_id: str, beds: Iterable[Bed], visits: Iterable[Visit], today: date) -> list[dict[str, Any]]:
    lines = [row for bed in beds for row in _days(tenant_id, bed, today)]
    return lines + list(_outpatients(tenant_id, visits, today))


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
            "line": "bed",
            "as_of_date": on,
            "branch_id": bed.branch.id,
            "branch_name": bed.branch.row.name,
            "city_id": bed.branch.city.id,
            # the chain keeps no departments of its own
            "department_id": "-1",
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
            "beds_n": 1,
            "occupied_n": int(lying is not None),
            **_flows(lies, midnight - DAY, midnight),
            "opd_visits_n": 0,
            "opd_video_n": 0,
            "opd_follow_ups_n": 0,
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


def _outpatients(tenant_id: str, visits: Iterable[Visit], today: date) -> Iterator[dict[str, Any]]:
    """A line for each branch and day on which somebody was seen, at the midnight that ends the day."""
    seen: dict[tuple[date, str], list[Visit]] = defaultdict(list)
    for visit in visits:
        if visit.started_at is not None and day_of(visit.started_at) < today:
            seen[day_of(visit.started_at) + DAY, visit.branch.id].append(visit)
    for (on, branch_id), here in seen.items():
        branch, types = here[0].branch, Counter(visit.visit_type for visit in here)
        yield {
            "tenant_id": tenant_id,
            "line": "opd",
            "as_of_date": on,
            "branch_id": branch_id,
            "branch_name": branch.row.name,
            "city_id": branch.city.id,
            "department_id": OUTPATIENTS,
            "ward": "OPD",
            "bed_id": "-1",
            "bed_class": None,
            "status": None,
            "admission_id": None,
            "his_visit_no": None,
            "practitioner_id": "-1",
            "los_days": None,
            "payer_id": None,
            "claim_state": None,
            "beds_n": 0,
            "occupied_n": 0,
            **dict.fromkeys(("admissions_n", "discharges_n", "transfers_in_n", "transfers_out_n"), 0),
            "opd_visits_n": len(here),
            "opd_video_n": sum(visit.mode == "tele" for visit in here),
            "opd_follow_ups_n": types["follow_up"],
        }
