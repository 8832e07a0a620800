"""Truth of mart_noshow_by_specialty: a specialty's rate, how sure one may be of it, and how it stands to all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from math import sqrt
from statistics import NormalDist
from typing import Any

from simulator.books.noshow_patterns import attendance
from simulator.books.records import Visit
from simulator.cast import Tenant

Z = NormalDist().inv_cdf(0.975)
FEW = 30


def noshow_by_specialty(tenant: Tenant, visits: Iterable[Visit], as_of: datetime) -> list[dict[str, Any]]:
    missed: Counter[str] = Counter()
    decided: Counter[str] = Counter()
    for visit in visits:
        if visit.booked_at is None or visit.status == "error":
            continue
        specialty_id = tenant.id_of("spc", visit.practitioner.specialty.id)
        came = attendance(visit, as_of)
        missed[specialty_id] += came == "noshow"
        decided[specialty_id] += came in ("kept", "noshow")
    of_all = missed.total() / decided.total() if decided.total() else 0
    return [
        {
            "tenant_id": tenant.id,
            "specialty_id": specialty_id,
            "noshow_n": missed[specialty_id],
            "decided_n": n,
            **_rates(missed[specialty_id], n, of_all),
            "tenant_noshow_n": missed.total(),
            "tenant_decided_n": decided.total(),
            "is_suppressed": n < FEW,
        }
        for specialty_id, n in decided.items()
    ]


def _rates(missed: int, n: int, of_all: float) -> dict[str, float | None]:
    """The rate, Wilson's interval around it, and its multiple of the tenant's."""
    if n == 0:
        return dict.fromkeys(("noshow_rate", "wilson_low", "wilson_high", "relative_risk"))
    rate = missed / n
    middle = (missed + Z * Z / 2) / (n + Z * Z)
    reach = Z / (n + Z * Z) * sqrt(missed * (n - missed) / n + Z * Z / 4)
    return {
        "noshow_rate": rate,
        "wilson_low": middle - reach,
        "wilson_high": middle + reach,
        "relative_risk": rate / of_all if of_all else None,
    }
